package aws

import (
	"slices"

	"eks-lattice/internal/twin/law"
)

// versions are the Kubernetes versions that EKS offers, oldest first, as of
// August 2026: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
var versions = []string{"1.31", "1.32", "1.33", "1.34", "1.35"}

// extended are those of versions in extended support, at six times the price.
var extended = []string{"1.31", "1.32", "1.33"}

const defaultVersion = "1.35"

var (
	lawClusterVersion = law.New(law.References, "cluster-version",
		"EKS makes clusters of the versions in standard or extended support only and upgrades by one minor version.",
		"https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html")
	lawClusterSupport = law.New(law.References, "cluster-extended-support",
		"A cluster of a version in extended support costs $0.60 an hour instead of $0.10; EKS says nothing.",
		"https://aws.amazon.com/blogs/containers/amazon-eks-extended-support-for-kubernetes-versions-pricing/")
	lawUpgradePolicy = law.New(law.References, "cluster-upgrade-policy",
		"A cluster that is made without an upgradePolicy has the support type EXTENDED: when standard support of its version ends it stays there, at six times the price. With STANDARD EKS upgrades it then. The twin warns of a cluster that nobody decided about.",
		"https://docs.aws.amazon.com/eks/latest/APIReference/API_UpgradePolicyRequest.html")
	lawStandardSupport = law.New(law.References, "cluster-standard-support",
		"The support type STANDARD is for versions in standard support: a cluster that has entered extended support leaves it by an upgrade only.",
		"https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html; the refusal's words are modelled")
)

func checkSupport(c *checker) {
	if kind, ok := obj(c.in["upgradePolicy"])["supportType"].(string); ok && kind != "STANDARD" && kind != "EXTENDED" {
		c.fail("upgradePolicy.supportType", "%s [law %s]", notOneOf("upgrade_policy.0.support_type", []string{"STANDARD", "EXTENDED"}, kind), lawUpgradePolicy.ID)
	}
}

// supportAllows refuses the support type STANDARD for a version that is past it.
func (r *request) supportAllows(version string) error {
	if text(r.obj("upgradePolicy")["supportType"]) != "STANDARD" || !slices.Contains(extended, version) {
		return nil
	}
	return lawStandardSupport.Refuse("InvalidParameterException",
		"Support type STANDARD is not allowed for Kubernetes version %s, which is in extended support", version)
}

// support takes over the upgrade policy, or what EKS takes without one.
func (r *request) support(c *EKSCluster) {
	if kind := text(r.obj("upgradePolicy")["supportType"]); kind != "" {
		c.SupportType, c.supportGiven = kind, true
	} else if c.SupportType == "" {
		c.SupportType = "EXTENDED"
	}
}

// supportWarnings tell what a cluster's version costs, or will cost.
func (a *Account) supportWarnings() []law.Warning {
	var out []law.Warning
	for _, c := range a.Clusters() {
		switch {
		case slices.Contains(extended, c.Version):
			out = append(out, lawClusterSupport.Warn("cluster %s: Kubernetes %s is in extended support, at six times the price", c.Name, c.Version))
		case !c.supportGiven:
			out = append(out, lawUpgradePolicy.Warn("cluster %s has no upgrade policy: when standard support of Kubernetes %s ends it will stay there, at six times the price", c.Name, c.Version))
		}
	}
	return out
}
