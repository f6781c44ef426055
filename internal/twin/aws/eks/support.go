package eks

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

var (
	lawClusterVersion = law.New(law.References, "cluster-version",
		"EKS creates clusters of the versions in standard or extended support only and upgrades by one minor version.",
		"https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html")
	lawClusterSupport = law.New(law.References, "cluster-extended-support",
		"A cluster of a version in extended support costs $0.60 an hour instead of $0.10; EKS gives no warning.",
		"https://aws.amazon.com/blogs/containers/amazon-eks-extended-support-for-kubernetes-versions-pricing/")
	lawUpgradePolicy = law.New(law.References, "cluster-upgrade-policy",
		"A cluster without an upgradePolicy has the support type EXTENDED: when standard support of its version ends, it enters "+
			"extended support, "+
			"at six times the price. With STANDARD, EKS upgrades it instead. The twin warns when the program does not choose.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_UpgradePolicyRequest.html")
	lawStandardSupport = law.New(law.References, "cluster-standard-support",
		"The support type STANDARD is for versions in standard support: only an upgrade takes a cluster out of extended support.",
		"https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html; the refusal's words are modelled")
)

func checkSupport(c *cloud.Checker) {
	supports := []string{"STANDARD", "EXTENDED"}
	if kind, ok := cloud.Object(c.In["upgradePolicy"])["supportType"].(string); ok && !slices.Contains(supports, kind) {
		c.Break(lawUpgradePolicy, "upgradePolicy.supportType", "%s", cloud.NotOneOf("upgrade_policy.0.support_type", supports, kind))
	}
}

// putVersion upgrades a cluster, or gives a new one its version.
func (c *Cluster) putVersion(r *cloud.Request) error {
	version := r.Str("version")
	if version == "" && c.Version == "" {
		version = defaultVersion
	}
	from, to := slices.Index(versions, c.Version), slices.Index(versions, version)
	switch {
	case version == "" || version == c.Version:
	case to < 0:
		return lawClusterVersion.Refuse("InvalidParameterException", "unsupported Kubernetes version %s", version)
	case from < 0:
		c.Version = version
	case to != from+1:
		return lawClusterVersion.Refuse("InvalidParameterException",
			"Unsupported Kubernetes minor version update from %s to %s", c.Version, version)
	default:
		if err := c.checkNodesFollow(r, version); err != nil {
			return err
		}
		if _, err := c.assume(r.Account); err != nil {
			return err
		}
		if err := c.checkKeyBeforeUpgrade(r); err != nil {
			return err
		}
		c.Version = version
	}
	return c.putSupport(r)
}

// putSupport takes over the upgrade policy, or what EKS takes without one. It
// refuses the support type STANDARD for a version that is past it.
func (c *Cluster) putSupport(r *cloud.Request) error {
	kind := cloud.Text(r.Obj("upgradePolicy")["supportType"])
	if kind == "STANDARD" && slices.Contains(extended, c.Version) {
		return lawStandardSupport.Refuse("InvalidParameterException",
			"Support type STANDARD is not allowed for Kubernetes version %s, which is in extended support", c.Version)
	}
	if kind != "" {
		c.SupportType, c.supportGiven = kind, true
	} else if c.SupportType == "" {
		c.SupportType = "EXTENDED"
	}
	return nil
}

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, c := range Clusters.All(a) {
		switch {
		case slices.Contains(extended, c.Version):
			out = append(out, lawClusterSupport.Warn("cluster %s: Kubernetes %s is in extended support, at six times the price", c.Name, c.Version))
		case !c.supportGiven:
			out = append(out, lawUpgradePolicy.Warn(
				"cluster %s has no upgrade policy: when standard support of Kubernetes %s ends, it will enter extended support, at six times the price",
				c.Name, c.Version))
		}
	}
	return out
})
