package check

import (
	"net/netip"

	"eks-lattice/internal/problem"
)

type reserved struct {
	prefix netip.Prefix
	use    string
}

// reservedRanges cannot be the range of a cluster's VPC. A route to one of them
// leads to something else, or nowhere.
// https://www.iana.org/assignments/iana-ipv4-special-registry
var reservedRanges = []reserved{
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/how-it-works.html
	{netip.MustParsePrefix("169.254.171.0/24"), "VPC Lattice uses"},
	{netip.MustParsePrefix("fd00:ec2:80::/64"), "VPC Lattice uses"},
	{netip.MustParsePrefix("169.254.0.0/16"), "is link-local"},
	{netip.MustParsePrefix("127.0.0.0/8"), "is loopback"},
	{netip.MustParsePrefix("0.0.0.0/8"), "means this network"},
	{netip.MustParsePrefix("224.0.0.0/4"), "is multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "is reserved"},
}

// privateRanges are not routed on the Internet.
var privateRanges = []reserved{
	{netip.MustParsePrefix("10.0.0.0/8"), "is private"},
	{netip.MustParsePrefix("172.16.0.0/12"), "is private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "is private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "is shared behind carriers' NAT"},
}

// CIDR accepts an IPv4 network whose prefix length is within bounds.
func CIDR(minBits, maxBits int, example string) Func[string] {
	return func(found *problem.List, path, cidr string) {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			found.Add(path, cidr, "is not a CIDR block; give one such as %s", example)
			return
		}
		for _, r := range reservedRanges {
			if prefix.Overlaps(r.prefix) {
				found.Add(path, cidr, "overlaps %s, which %s; give a private range such as %s", r.prefix, r.use, example)
				return
			}
		}
		switch {
		case !prefix.Addr().Is4():
			found.Add(path, cidr, "is not an IPv4 range; give one such as %s", example)
		case prefix != prefix.Masked():
			found.Add(path, cidr, "has bits set after its prefix; did you mean %s?", problem.Derived(prefix.Masked()))
		case prefix.Bits() < minBits || prefix.Bits() > maxBits:
			found.Add(path, cidr, "is a /%d; give a network between /%d and /%d, which the subnets need",
				problem.Derived(prefix.Bits()), minBits, maxBits)
		}
	}
}

// PublicCIDR accepts a network that may reach a cluster's API. EKS rejects
// reserved addresses: https://docs.aws.amazon.com/eks/latest/userguide/config-cluster-endpoint.html
func PublicCIDR(found *problem.List, path, cidr string) {
	const remedy = "give a public one such as 203.0.113.0/24"
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil, !prefix.Addr().Is4():
		found.Add(path, cidr, "is not an IPv4 network; "+remedy)
		return
	case prefix != prefix.Masked():
		found.Add(path, cidr, "has bits set after its prefix; did you mean %s?", problem.Derived(prefix.Masked()))
		return
	}
	for _, ranges := range [][]reserved{reservedRanges, privateRanges} {
		for _, r := range ranges {
			// A larger network, such as 0.0.0.0/0, may contain one.
			if r.prefix.Contains(prefix.Addr()) && prefix.Bits() >= r.prefix.Bits() {
				found.Add(path, cidr, "is in %s, which %s; "+remedy, r.prefix, r.use)
				return
			}
		}
	}
}

// ConnectedCIDR accepts a network that is connected to a VPC.
func ConnectedCIDR(found *problem.List, path, cidr string) {
	switch prefix, err := netip.ParsePrefix(cidr); {
	case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
		found.Add(path, cidr, "is not an IPv4 network; give one such as 10.200.0.0/16")
	case prefix.Bits() < 8:
		found.Add(path, cidr, "is too large for a private network; give one such as 10.200.0.0/16")
	}
}
