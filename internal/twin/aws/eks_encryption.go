package aws

import (
	"slices"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawClusterKey = law.New(law.References, "cluster-key",
		"A customer's key that encrypts a cluster's data exists in its Region, is enabled and symmetric, and lets who creates the cluster describe it and create grants.",
		"https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html")
	lawClusterKeyStays = law.New(law.References, "cluster-key-stays",
		"A cluster can be given a key later, but keeps it for life: without it the cluster is replaced, and another one is ignored.",
		"https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/eks/cluster.go")
	lawClusterKeyRole = law.New(law.References, "cluster-role-uses-key",
		"A cluster whose role may not use its key cannot be upgraded, and EKS's look at the key's grants is refused each hour.",
		"https://github.com/aws/containers-roadmap/issues/1533")
	lawClusterKeyOutlives = law.New(law.Deletion, "cluster-key-outlives-cluster",
		"A cluster whose key is disabled or pending deletion is degraded, and cannot be recovered once the key is deleted.",
		"https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html")
)

// clusterKey checks the key of an encryption configuration. It is nil when the
// program gives none.
func (r *request) clusterKey() (*Key, error) {
	config := r.obj("encryptionConfig")
	if config == nil {
		return nil, nil
	}
	if kinds := texts(config["resources"]); !slices.Equal(kinds, []string{"secrets"}) {
		return nil, lawClusterKey.Refuse("InvalidParameterException", "The resources in encryptionConfig must be [secrets], got %v", kinds)
	}
	arn := text(obj(config["provider"])["keyArn"])
	key := r.keyByARN(arn)
	switch {
	case key == nil || key.Region != r.region:
		return nil, lawClusterKey.Refuse("InvalidParameterException", "The KeyArn in encryptionConfig provider is invalid: %s does not exist in %s", arn, r.region)
	case !key.Enabled:
		return nil, lawClusterKey.Refuse("InvalidParameterException", "The KeyArn in encryptionConfig provider is invalid: %s is disabled or pending deletion", arn)
	case key.Usage != "ENCRYPT_DECRYPT" || key.Spec != "SYMMETRIC_DEFAULT":
		return nil, lawClusterKey.Refuse("InvalidParameterException", "The KeyArn in encryptionConfig provider is invalid: %s is not symmetric", arn)
	}
	for _, action := range []string{"kms:DescribeKey", "kms:CreateGrant"} {
		if !r.mayUseKey(key, r.Caller(), action) {
			return nil, lawClusterKey.Refuse("InvalidRequestException", "User not authorized to perform %s operation", action)
		}
	}
	r.op.DependsOn(key.URN, lawClusterKey)
	return key, nil
}

// checkKeyBeforeUpgrade refuses what EKS refuses with a misleading sentence.
func (r *request) checkKeyBeforeUpgrade(c *EKSCluster) error {
	key, role := r.keyByARN(c.KeyARN), r.roleByARN(c.RoleARN)
	if key == nil || role == nil {
		return nil
	}
	if !r.mayUseKey(key, r.roleSession(role, "eks"), "kms:DescribeKey") {
		return lawClusterKeyRole.Refuse("InvalidRequestException",
			"Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", c.RoleARN)
	}
	return nil
}

// encryptionOutput is the configuration as EKS returns it.
func (c *EKSCluster) encryptionOutput() any {
	if c.KeyARN == "" {
		return nil
	}
	return engine.Props{"provider": engine.Props{"keyArn": c.KeyARN}, "resources": []any{"secrets"}}
}

// keyWarnings are about clusters and their keys.
func (a *Account) keyWarnings() (out []law.Warning) {
	for _, c := range a.Clusters() {
		key, role := a.keyByARN(c.KeyARN), a.roleByARN(c.RoleARN)
		if key == nil {
			continue
		}
		if !key.Enabled {
			out = append(out, lawClusterKeyOutlives.Warn("cluster %s is degraded: its key %s is disabled or pending deletion", c.Name, key.ID))
		}
		if role == nil {
			continue
		}
		if !a.mayUseKey(key, a.roleSession(role, "health-check-session"), "kms:ListGrants") {
			out = append(out, lawClusterKeyRole.Warn("cluster %s: its role may not list the grants of key %s, so CloudTrail has an AccessDenied each hour", c.Name, key.ID))
		}
	}
	return out
}
