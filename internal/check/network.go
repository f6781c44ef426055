package check

import (
	"net/netip"

	"eks-lattice/internal/problem"
)

// reservedRanges cannot be used by a VPC of a cluster. A route to one of them
// leads to something else.
var reservedRanges = []struct {
	prefix netip.Prefix
	use    string
}{
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/how-it-works.html
	{netip.MustParsePrefix("169.254.171.0/24"), "VPC Lattice answers on"},
	{netip.MustParsePrefix("fd00:ec2:80::/64"), "VPC Lattice answers on"},
	{netip.MustParsePrefix("169.254.0.0/16"), "is link-local"},
	{netip.MustParsePrefix("127.0.0.0/8"), "is loopback"},
}

// CIDR takes an IPv4 network whose prefix length is within bounds.
func CIDR(minBits, maxBits int, example string) Func[string] {
	return func(found *problem.List, path, cidr string) {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			found.Add(path, cidr, "is not a CIDR block; give one such as %s", example)
			return
		}
		for _, reserved := range reservedRanges {
			if prefix.Overlaps(reserved.prefix) {
				found.Add(path, cidr, "overlaps %s, which %s; give a private range such as %s", reserved.prefix, reserved.use, example)
				return
			}
		}
		switch {
		case !prefix.Addr().Is4():
			found.Add(path, cidr, "is not an IPv4 range; give one such as %s", example)
		case prefix != prefix.Masked():
			found.Add(path, cidr, "has bits set behind its prefix; did you mean %s?", problem.Derived(prefix.Masked()))
		case prefix.Bits() < minBits || prefix.Bits() > maxBits:
			found.Add(path, cidr, "is a /%d; the subnets need a network between /%d and /%d", problem.Derived(prefix.Bits()), minBits, maxBits)
		}
	}
}

// PublicCIDR takes a network that may reach a cluster's API.
func PublicCIDR(found *problem.List, path, cidr string) {
	if prefix, err := netip.ParsePrefix(cidr); err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
		found.Add(path, cidr, "is not an IPv4 network; give one such as 203.0.113.0/24")
	}
}
