package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Deployer is where the one sits who runs Pulumi. The zero value is somewhere on
// the Internet that every list of public networks admits.
type Deployer struct {
	Address       netip.Addr // in a network of one's own
	PublicAddress netip.Addr // as the Internet sees it
}

var (
	lawEndpointAccess = law.New(law.Access, "endpoint-access",
		"An API has a public endpoint, a private one or both, and the networks that the public one admits are public IPv4 networks.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html")
	lawPublicEndpoint = law.New(law.Access, "public-endpoint-admits",
		"An API's public endpoint answers the networks in publicAccessCidrs only; everybody else's connection times out.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html")
	lawPrivateEndpoint = law.New(law.Access, "private-endpoint-is-inside",
		"An API without a public endpoint is reached from the cluster's VPC or a connected network only: routes must lead there and back, and the control plane's security group must admit port 443.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html#private-access")
)

// notPublic are networks that no public endpoint can admit.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
}

// setEndpointAccess takes over what the program says of the API's endpoints.
func (r *request) setEndpointAccess(c *EKSCluster) error {
	config := r.obj("vpcConfig")
	public, private := true, truth(config["endpointPrivateAccess"])
	if v, given := config["endpointPublicAccess"].(bool); given {
		public = v
	}
	cidrs := texts(config["publicAccessCidrs"])
	if !public && !private {
		return lawEndpointAccess.Refuse("InvalidParameterException", "Private and public endpoint access cannot be false")
	}
	var invalid []string
	for _, cidr := range cidrs {
		block, err := netip.ParsePrefix(cidr)
		inside := func(p netip.Prefix) bool { return p.Contains(block.Addr()) && p.Bits() <= block.Bits() }
		if err != nil || !block.Addr().Is4() || slices.ContainsFunc(notPublic, inside) {
			invalid = append(invalid, cidr)
		}
	}
	if len(invalid) > 0 {
		return lawEndpointAccess.Refuse("InvalidParameterException", "The following CIDRs are invalid in publicAccessCidrs: [%s]", strings.Join(invalid, ","))
	}
	if len(cidrs) == 0 {
		cidrs = []string{"0.0.0.0/0"}
	}
	c.PublicAccess, c.PrivateAccess, c.PublicCIDRs = public, private, cidrs
	return nil
}

// Reach tells whether the deployer gets a connection to a cluster's API. The
// error is what a client sees; the operation needs what the way is made of.
func (a *Account) Reach(op *world.Op, c *EKSCluster) error {
	if c.PublicAccess {
		admitted := func(cidr string) bool {
			block, err := netip.ParsePrefix(cidr)
			return err == nil && block.Contains(a.Deployer.PublicAddress)
		}
		if a.Deployer.PublicAddress.IsValid() && !slices.ContainsFunc(c.PublicCIDRs, admitted) {
			return lawPublicEndpoint.Refuse("", "dial tcp: i/o timeout (the public endpoint of %s does not admit %s)", c.Name, a.Deployer.PublicAddress)
		}
		return nil
	}
	for _, eni := range a.enisWhere(func(e *NetworkInterface) bool { return e.Owner == "eks:"+c.Name }) {
		urns, why := a.way(eni)
		if why != "" {
			return lawPrivateEndpoint.Refuse("", "dial tcp %s:443: i/o timeout (%s)", eni.PrivateIP, why)
		}
		for _, urn := range urns {
			op.DependsOn(urn, lawPrivateEndpoint)
		}
	}
	return nil
}

// way follows a connection from the deployer to a network interface of a control
// plane and back, and says what it is made of, or where it ends.
func (a *Account) way(eni *NetworkInterface) (urns []string, why string) {
	from, to := a.Deployer.Address, netip.MustParseAddr(eni.PrivateIP)
	if !from.IsValid() {
		return nil, "the API has no public endpoint, and whoever deploys is on the Internet"
	}
	s := a.ec2.subnets[eni.SubnetID]
	route := a.routeTo(s, from)
	if route == nil || route.TransitID == "" {
		return nil, fmt.Sprintf("no route leads from subnet %s back to %s", s.ID, from)
	}
	g, attachment := a.ec2.transits[route.TransitID], a.attachment(s.VPCID, route.TransitID)
	switch {
	case attachment == nil:
		return nil, fmt.Sprintf("VPC %s is not attached to %s", s.VPCID, route.TransitID)
	case g.leadsTo(from) == "":
		return nil, fmt.Sprintf("%s does not know the network of %s", g.ID, from)
	case g.leadsTo(to) != attachment.ID:
		return nil, fmt.Sprintf("%s leads elsewhere for %s", g.ID, to)
	}
	rule, admitted := a.admits(eni.GroupIDs, from, 443)
	if !admitted {
		return nil, fmt.Sprintf("no security group of the control plane admits %s to port 443", from)
	}
	return []string{route.URN, s.TableBy, attachment.URN, rule}, ""
}

// routeTo is the route that a subnet's traffic to an address takes, nil for the
// VPC's own or none.
func (a *Account) routeTo(s *Subnet, address netip.Addr) *Route {
	if a.ec2.vpcs[s.VPCID].CIDR.Contains(address) {
		return nil
	}
	id := s.TableID
	if id == "" {
		id = a.ec2.vpcs[s.VPCID].MainTableID
	}
	var best *Route
	longest := -1
	for i, x := range a.ec2.tables[id].Routes {
		if block, err := netip.ParsePrefix(x.Destination); err == nil && block.Contains(address) && block.Bits() > longest {
			best, longest = &a.ec2.tables[id].Routes[i], block.Bits()
		}
	}
	return best
}

// admits tells whether one of the groups lets an address in at a TCP port, and
// by which rule.
func (a *Account) admits(groupIDs []string, from netip.Addr, port int) (ruleURN string, ok bool) {
	for _, id := range groupIDs {
		for _, rule := range a.ec2.groups[id].Rules {
			block, err := netip.ParsePrefix(rule.Peer)
			if !rule.Egress && rule.admitsTCP(port) && err == nil && block.Contains(from) {
				return rule.URN, true
			}
		}
	}
	return "", false
}
