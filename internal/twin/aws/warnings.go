package aws

import (
	"slices"

	"eks-lattice/internal/twin/law"
)

// defaultQuota is how many VPCs, and how many Elastic IPs, a region has at first.
const defaultQuota = 5

var lawQuotas = law.New(law.References, "default-quotas",
	"A region of an account has five VPCs and five Elastic IPs until its quotas are raised; the twin warns and goes on.",
	"https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html")

// Warnings are what AWS would not refuse but what hurts later.
func (a *Account) Warnings() []law.Warning {
	var out []law.Warning
	for _, c := range sorted(a.certs.certificates) {
		ca := a.certs.authorities[c.AuthorityARN]
		if c.Type == "PRIVATE" && ca != nil && !ca.mayRenew() {
			out = append(out, lawRenewal.Warn("certificate %s (%s) will expire: CA %s does not permit acm.amazonaws.com to renew it", c.ID, c.Domain, ca.ID))
		}
	}
	for what, n := range map[string]int{"VPCs": len(a.ec2.vpcs), "Elastic IPs": len(a.ec2.eips)} {
		if n > defaultQuota {
			out = append(out, lawQuotas.Warn("%d %s: an account has a quota of %d in a region until you ask for more", n, what, defaultQuota))
		}
	}
	out = slices.Concat(out, a.supportWarnings(), a.flowLogWarnings(), a.keyWarnings(), a.transitWarnings())
	slices.SortFunc(out, law.Warning.Compare)
	return out
}
