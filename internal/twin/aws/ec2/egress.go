package ec2

import (
	"fmt"
	"net/netip"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

var lawEgress = law.New(law.References, "nodes-need-egress",
	"Nodes in a private subnet pull images and reach AWS only through a route to a NAT gateway "+
		"whose own subnet has a route to an internet gateway.",
	"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")

// Egress follows the default route of a subnet outwards, and returns the
// resources on the way.
func Egress(a *cloud.Account, subnetID string) (urns []string, err error) {
	s := Subnets.Get(a, subnetID)
	if s == nil {
		return nil, lawEgress.Refuse("", "subnet %s does not exist", subnetID)
	}
	route, by := DefaultRoute(a, s)
	switch {
	case route == nil:
		return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "no route to 0.0.0.0/0"))
	case route.NATID != "":
		nat := NATGateways.Get(a, route.NATID)
		if nat == nil {
			return nil, fmt.Errorf("subnet %s: %w", subnetID,
				lawEgress.Refuse("", "the route to 0.0.0.0/0 is a blackhole: NAT gateway %s does not exist", route.NATID))
		}
		outer, outerBy := DefaultRoute(a, Subnets.Get(a, nat.SubnetID))
		if outer == nil || outer.GatewayID == "" || InternetGateways.Get(a, outer.GatewayID) == nil {
			return nil, fmt.Errorf("subnet %s: %w", subnetID,
				lawEgress.Refuse("", "NAT gateway %s has no route to an internet gateway", nat.ID))
		}
		return []string{route.URN, by, nat.URN, outer.URN, outerBy, InternetGateways.Get(a, outer.GatewayID).URN}, nil
	}
	gateway := InternetGateways.Get(a, route.GatewayID)
	switch {
	case gateway == nil || gateway.VPCID != s.VPCID:
		return nil, fmt.Errorf("subnet %s: %w", subnetID,
			lawEgress.Refuse("", "the route to 0.0.0.0/0 is a blackhole: gateway %s does not exist", route.GatewayID))
	case !s.MapPublicIP:
		return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "it gives its interfaces no public address"))
	}
	return []string{route.URN, by, gateway.URN}, nil
}

// tableOf is the route table in force in a subnet, and the URN of the
// association that puts it into force.
func tableOf(a *cloud.Account, s *Subnet) (*RouteTable, string) {
	if s.TableID != "" {
		return RouteTables.Get(a, s.TableID), s.TableBy
	}
	return RouteTables.Get(a, VPCs.Get(a, s.VPCID).MainTableID), s.TableBy
}

// DefaultRoute returns a subnet's route to 0.0.0.0/0 and the URN of the
// association that puts the table into force.
func DefaultRoute(a *cloud.Account, s *Subnet) (*Route, string) {
	t, by := tableOf(a, s)
	if t == nil {
		return nil, by
	}
	for i := range t.Routes {
		if t.Routes[i].Destination == "0.0.0.0/0" {
			return &t.Routes[i], by
		}
	}
	return nil, by
}

// routeTo is the route that a subnet's traffic to an address takes, nil for the
// VPC's own or none.
func routeTo(a *cloud.Account, s *Subnet, address netip.Addr) *Route {
	if VPCs.Get(a, s.VPCID).CIDR.Contains(address) {
		return nil
	}
	t, _ := tableOf(a, s)
	if t == nil {
		return nil
	}
	var best *Route
	longest := -1
	for i, x := range t.Routes {
		if block, err := netip.ParsePrefix(x.Destination); err == nil && block.Contains(address) && block.Bits() > longest {
			best, longest = &t.Routes[i], block.Bits()
		}
	}
	return best
}

// Connection follows a connection from an address outside of AWS to a TCP port of
// a network interface and back. It returns the resources on the way, or why there
// is none.
func Connection(a *cloud.Account, from netip.Addr, eni *NetworkInterface, port int) (urns []string, why string) {
	to, s := netip.MustParseAddr(eni.PrivateIP), Subnets.Get(a, eni.SubnetID)
	route := routeTo(a, s, from)
	if route == nil || route.TransitID == "" {
		return nil, fmt.Sprintf("no route leads from subnet %s back to %s", s.ID, from)
	}
	g, attachment := TransitGateways.Get(a, route.TransitID), attachmentOf(a, s.VPCID, route.TransitID)
	switch {
	case attachment == nil:
		return nil, fmt.Sprintf("VPC %s is not attached to %s", s.VPCID, route.TransitID)
	case g.leadsTo(from) == "":
		return nil, fmt.Sprintf("%s does not know the network of %s", g.ID, from)
	case g.leadsTo(to) != attachment.ID:
		return nil, fmt.Sprintf("%s leads elsewhere for %s", g.ID, to)
	}
	rule, admitted := Admits(a, eni.GroupIDs, from, port)
	if !admitted {
		return nil, fmt.Sprintf("no security group of the interface admits %s to port %d", from, port)
	}
	return []string{route.URN, s.TableBy, attachment.URN, rule}, ""
}
