package aws

import (
	"fmt"

	"eks-lattice/internal/twin/law"
)

var lawEgress = law.New(law.References, "nodes-need-egress",
	"Nodes in a private subnet pull images and reach AWS only through a route to a NAT gateway whose own subnet has a route to an internet gateway.",
	"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")

// EgressFromNodes tells whether the subnets of a cluster's node groups reach the
// Internet, and thereby AWS's public endpoints, and which resources that takes.
func (a *Account) EgressFromNodes(cluster string) (neededURNs []string, err error) {
	for _, ng := range a.NodeGroups(cluster) {
		for _, id := range ng.SubnetIDs {
			urns, err := a.egress(id)
			if err != nil {
				return nil, err
			}
			neededURNs = append(neededURNs, urns...)
		}
	}
	return unique(neededURNs), nil
}

// egress follows the default route of a subnet outwards.
func (a *Account) egress(subnetID string) (urns []string, err error) {
	s := a.ec2.subnets[subnetID]
	if s == nil {
		return nil, lawEgress.Refuse("", "subnet %s does not exist", subnetID)
	}
	route, by := a.defaultRoute(s)
	switch {
	case route == nil:
		return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "no route to 0.0.0.0/0"))
	case route.NATID != "":
		nat := a.ec2.nats[route.NATID]
		if nat == nil {
			return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "the route to 0.0.0.0/0 is a blackhole: NAT gateway %s is gone", route.NATID))
		}
		outer, outerBy := a.defaultRoute(a.ec2.subnets[nat.SubnetID])
		if outer == nil || outer.GatewayID == "" || a.ec2.gateways[outer.GatewayID] == nil {
			return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "NAT gateway %s has no route to an internet gateway", nat.ID))
		}
		return []string{route.URN, by, nat.URN, outer.URN, outerBy, a.ec2.gateways[outer.GatewayID].URN}, nil
	case a.ec2.gateways[route.GatewayID] == nil || a.ec2.gateways[route.GatewayID].VPCID != s.VPCID:
		return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "the route to 0.0.0.0/0 is a blackhole: gateway %s is gone", route.GatewayID))
	case !s.MapPublicIP:
		return nil, fmt.Errorf("subnet %s: %w", subnetID, lawEgress.Refuse("", "it gives its interfaces no public address"))
	}
	return []string{route.URN, by, a.ec2.gateways[route.GatewayID].URN}, nil
}

// defaultRoute returns a subnet's route to 0.0.0.0/0 and the URN of the
// association that puts the table into force.
func (a *Account) defaultRoute(s *Subnet) (*Route, string) {
	id, by := s.TableID, s.TableBy
	if id == "" {
		id = a.ec2.vpcs[s.VPCID].MainTableID
	}
	t := a.ec2.tables[id]
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
