package names

// UnsupportedZones are the ids of the zones whose pods VPC Lattice does not
// connect (https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html). Those
// that cannot hold the network interfaces of a control plane are among them
// (https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html).
var UnsupportedZones = []string{
	"use1-az3", "usw1-az2", "apne1-az3", "apne2-az2", "euc1-az2", "euw1-az4", "cac1-az3", "ilc1-az2",
}
