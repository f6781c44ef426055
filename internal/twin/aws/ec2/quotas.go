package ec2

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

// defaultQuota is how many VPCs, and how many Elastic IPs, a Region has at first.
const defaultQuota = 5

var lawQuotas = law.New(law.References, "default-quotas",
	"A Region of an account has five VPCs and five Elastic IPs until its quotas are raised; the twin only warns.",
	"https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html")

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for what, n := range map[string]int{"VPCs": len(VPCs.All(a)), "Elastic IPs": len(ElasticIPs.All(a))} {
		if n > defaultQuota {
			out = append(out, lawQuotas.Warn("%d %s: an account has a quota of %d in a Region until you ask for more", n, what, defaultQuota))
		}
	}
	return out
})
