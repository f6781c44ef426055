package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
)

// PrefixList is a prefix list that AWS manages.
type PrefixList struct {
	ID, Name, Family, ARN string
	Entries               []string
}

// prefixLists are the AWS-managed lists that the twin knows. Lattice's holds
// link-local addresses: https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
func (a *Account) prefixLists(region string) []*PrefixList {
	list := func(name, family string, entries ...string) *PrefixList {
		sum := sha256.Sum256([]byte(name))
		id := "pl-" + hex.EncodeToString(sum[:])[:17]
		return &PrefixList{ID: id, Name: name, Family: family, ARN: a.arn("ec2", region, "aws", "prefix-list/"+id), Entries: entries}
	}
	return []*PrefixList{
		list("com.amazonaws."+region+".vpc-lattice", "IPv4", "169.254.171.0/24", "129.224.0.0/17"),
		list("com.amazonaws."+region+".ipv6.vpc-lattice", "IPv6", "fd00:ec2:80::/64"),
		list("com.amazonaws."+region+".s3", "IPv4", "52.219.60.0/23"),
		list("com.amazonaws."+region+".dynamodb", "IPv4", "52.94.6.0/24"),
	}
}

// prefixList finds one by name or by id.
func (a *Account) prefixList(region, name, id string) *PrefixList {
	for _, p := range a.prefixLists(region) {
		if p.ID == id || p.Name == name {
			return p
		}
	}
	return nil
}

// PrefixListReachable tells whether a security group admits VPC Lattice's
// prefix list of the address family (4 or 6) to a TCP port, and by which rule.
func (a *Account) PrefixListReachable(groupID string, family, port int) (ruleURN string, ok bool) {
	g := a.ec2.groups[groupID]
	if g == nil {
		return "", false
	}
	name := "com.amazonaws." + g.Region + ".vpc-lattice"
	if family == 6 {
		name = "com.amazonaws." + g.Region + ".ipv6.vpc-lattice"
	}
	list := a.prefixList(g.Region, name, "")
	lattice := netip.MustParsePrefix(list.Entries[0])
	for _, rule := range g.Rules {
		block, err := netip.ParsePrefix(rule.Peer)
		covers := err == nil && block.Bits() <= lattice.Bits() && block.Contains(lattice.Addr())
		if !rule.Egress && rule.admitsTCP(port) && (rule.Peer == list.ID || covers) {
			return rule.URN, true
		}
	}
	return "", false
}

// admitsTCP tells whether a rule is about TCP and a port.
func (x GroupRule) admitsTCP(port int) bool {
	return x.Protocol == "-1" || x.Protocol == "tcp" && x.From <= port && port <= x.To
}
