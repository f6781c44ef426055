package eks

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawClusterKey = law.New(law.References, "cluster-key",
		"A customer's key that encrypts a cluster's data exists in its Region, is enabled and symmetric, "+
			"and lets the cluster's creator describe it and create grants.",
		"https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html")
	lawClusterKeyStays = law.New(law.References, "cluster-key-stays",
		"A cluster can be given a key later, but keeps it for life: without it the cluster is replaced, and another one is ignored.",
		"https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/eks/cluster.go")
	lawClusterKeyRole = law.New(law.References, "cluster-role-uses-key",
		"A cluster whose role may not use its key cannot be upgraded, and EKS's hourly check of the key's grants is refused.",
		"https://github.com/aws/containers-roadmap/issues/1533")
	lawClusterKeyOutlives = law.New(law.Deletion, "cluster-key-outlives-cluster",
		"A cluster whose key is disabled or pending deletion is degraded, and cannot be recovered once the key is deleted.",
		"https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html")
)

// putKey takes over the key of an encryption configuration, if there is one and
// the cluster has none yet.
func (c *Cluster) putKey(r *cloud.Request) error {
	config := r.Obj("encryptionConfig")
	if config == nil || c.KeyARN != "" {
		return nil
	}
	if kinds := cloud.Texts(config["resources"]); !slices.Equal(kinds, []string{"secrets"}) {
		return lawClusterKey.Refuse("InvalidParameterException", "The resources in encryptionConfig must be [secrets], got %v", kinds)
	}
	arn := cloud.Text(cloud.Object(config["provider"])["keyArn"])
	key := kms.Keys.ByARN(r.Account, arn)
	invalid := ""
	switch {
	case key == nil || key.Region != r.Region:
		invalid = "does not exist in " + r.Region
	case !key.Enabled:
		invalid = "is disabled or pending deletion"
	case key.Usage != "ENCRYPT_DECRYPT" || key.Spec != "SYMMETRIC_DEFAULT":
		invalid = "is not symmetric"
	}
	if invalid != "" {
		return lawClusterKey.Refuse("InvalidParameterException", "The KeyArn in encryptionConfig provider is invalid: %s %s", arn, invalid)
	}
	for _, action := range []string{"kms:DescribeKey", "kms:CreateGrant"} {
		if !key.Allows(r.Account, r.Caller(), action) {
			return lawClusterKey.Refuse("InvalidRequestException", "User not authorized to perform %s operation", action)
		}
	}
	r.Op.DependsOn(key.URN, lawClusterKey)
	c.KeyARN = key.ARN
	return nil
}

// checkKeyBeforeUpgrade refuses what EKS refuses with a misleading sentence.
func (c *Cluster) checkKeyBeforeUpgrade(r *cloud.Request) error {
	key, role := kms.Keys.ByARN(r.Account, c.KeyARN), roles.Roles.ByARN(r.Account, c.RoleARN)
	if key == nil || role == nil || key.Allows(r.Account, roles.Session(r.Account, role, "eks"), "kms:DescribeKey") {
		return nil
	}
	return lawClusterKeyRole.Refuse("InvalidRequestException",
		"Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", c.RoleARN)
}

// encryptionOutput is the configuration as EKS returns it.
func (c *Cluster) encryptionOutput() any {
	if c.KeyARN == "" {
		return nil
	}
	return engine.Props{"provider": engine.Props{"keyArn": c.KeyARN}, "resources": []any{"secrets"}}
}

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, c := range Clusters.All(a) {
		key, role := kms.Keys.ByARN(a, c.KeyARN), roles.Roles.ByARN(a, c.RoleARN)
		if key == nil {
			continue
		}
		if !key.Enabled {
			out = append(out, lawClusterKeyOutlives.Warn("cluster %s is degraded: its key %s is disabled or pending deletion", c.Name, key.ID))
		}
		if role != nil && !key.Allows(a, roles.Session(a, role, "health-check-session"), "kms:ListGrants") {
			out = append(out, lawClusterKeyRole.Warn(
				"cluster %s: its role may not list the grants of key %s, so CloudTrail has an AccessDenied each hour", c.Name, key.ID))
		}
	}
	return out
})
