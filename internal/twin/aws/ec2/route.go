package ec2

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawRouteOnce = law.New(law.References, "route-once",
		"A route table has one route per destination.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html")
	lawRouteSameVPC = law.New(law.References, "route-within-vpc",
		"A route's internet or NAT gateway and an associated subnet belong to the route table's VPC.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html")
	lawTransitRoute = law.New(law.References, "route-needs-transit-gateway-attachment",
		"A route to a transit gateway needs the VPC's attachment to it.",
		"https://github.com/aws-ia/terraform-aws-vpc/issues/101")
)

// add refuses a route that leads nowhere.
func (t *RouteTable) add(r *cloud.Request, route Route) error {
	if slices.ContainsFunc(t.Routes, func(have Route) bool { return have.Destination == route.Destination }) {
		return lawRouteOnce.Refuse("RouteAlreadyExists", "The route identified by %s already exists.", route.Destination)
	}
	vpc := t.VPCID
	switch {
	case route.NATID != "":
		n, err := NATGateways.Find(r, route.NATID)
		if err != nil {
			return err
		}
		vpc = Subnets.Get(r.Account, n.SubnetID).VPCID
	case route.TransitID != "":
		attachment := attachmentOf(r.Account, t.VPCID, route.TransitID)
		if attachment == nil {
			return lawTransitRoute.Refuse("InvalidTransitGatewayID.NotFound", "The transitGateway ID '%s' does not exist", route.TransitID)
		}
		r.Op.DependsOn(attachment.URN, lawTransitRoute)
	case route.GatewayID != "":
		g, err := InternetGateways.Find(r, route.GatewayID)
		if err != nil {
			return err
		}
		vpc = g.VPCID
	default:
		return lawExists.Refuse("MissingParameter", "The request must contain exactly one of "+
			"gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId or transitGatewayId")
	}
	if vpc != t.VPCID {
		return lawRouteSameVPC.Refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks",
			t.ID, route.NATID+route.GatewayID)
	}
	t.Routes = append(t.Routes, route)
	return nil
}

// ofEndpoint reports whether an endpoint put a route into its table. A table's own
// list leaves such routes out.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/ec2/vpc_route_table.go
func (x Route) ofEndpoint() bool { return strings.HasPrefix(x.GatewayID, "vpce-") }

var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:ec2/route:Route",
		Required: []string{"routeTableId"},
		ForceNew: []string{"routeTableId", "destinationCidrBlock", "destinationPrefixListId", "destinationIpv6CidrBlock"},
		Untagged: true,
		Refers:   []cloud.Reference{{Property: "routeTableId", To: RouteTables}},
		Check:    func(c *cloud.Checker) { c.CIDR("destinationCidrBlock") },
	},
	Create: func(r *cloud.Request) (string, error) {
		t := RouteTables.Get(r.Account, r.Str("routeTableId"))
		return "r-" + t.ID + r.Digits(10), t.add(r, routeOf(r))
	},
	Update: func(r *cloud.Request) error {
		t := RouteTables.Get(r.Account, r.Str("routeTableId"))
		without := &RouteTable{Meta: t.Meta, VPCID: t.VPCID, Routes: slices.DeleteFunc(slices.Clone(t.Routes), isOf(r))}
		if err := without.add(r, routeOf(r)); err != nil {
			return err
		}
		t.Routes = without.Routes
		return nil
	},
	Delete: func(r *cloud.Request) error {
		t := RouteTables.Get(r.Account, r.Str("routeTableId"))
		t.Routes = slices.DeleteFunc(t.Routes, isOf(r))
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		t := RouteTables.Get(r.Account, r.Str("routeTableId"))
		if t == nil {
			return nil
		}
		at := slices.IndexFunc(t.Routes, isOf(r))
		if at < 0 {
			return nil
		}
		x := t.Routes[at]
		return engine.Props{"gatewayId": x.GatewayID, "natGatewayId": x.NATID, "transitGatewayId": x.TransitID,
			"origin": "CreateRoute", "state": "active", "instanceId": "", "instanceOwnerId": "", "networkInterfaceId": ""}
	},
})

// isOf finds a route resource's route by its destination: a URN alone does not
// tell a route from its replacement.
func isOf(r *cloud.Request) func(Route) bool {
	own := routeOf(r).Destination
	return func(x Route) bool { return x.Destination == own && !x.Inline }
}

func routeOf(r *cloud.Request) Route {
	to := r.Str("destinationCidrBlock")
	if to == "" {
		to = r.Str("destinationPrefixListId")
	}
	return Route{URN: r.URN, Destination: to, GatewayID: r.Str("gatewayId"), NATID: r.Str("natGatewayId"),
		TransitID: r.Str("transitGatewayId")}
}
