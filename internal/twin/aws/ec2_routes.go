package aws

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// RouteTable is a VPC's route table.
type RouteTable struct {
	Meta
	VPCID  string
	Main   bool
	Routes []Route // without the local one
}

// Route is one route of a table.
type Route struct {
	URN         string
	Destination string // a block or a prefix list
	GatewayID   string
	NATID       string
	TransitID   string
	Inline      bool
}

var (
	lawRouteOnce = law.New(law.References, "route-once",
		"A route table has one route per destination.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html")
	lawRouteSameVPC = law.New(law.References, "route-within-vpc",
		"A route's internet or NAT gateway and an associated subnet belong to the route table's VPC.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html")
	lawTableDeletion = law.New(law.Deletion, "route-table-has-associations",
		"A route table with associated subnets cannot be deleted.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html")
	lawOneTable = law.New(law.References, "one-route-table-per-subnet",
		"A subnet is associated with one route table.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html")
)

var routeTableKind = &kind{
	token:    "aws:ec2/routeTable:RouteTable",
	required: []string{"vpcId"},
	forceNew: []string{"vpcId"},
	sets:     []string{"routes"},
	create: func(r *request) (string, error) {
		v, err := r.vpc(r.str("vpcId"))
		if err != nil {
			return "", err
		}
		id := r.newID("rtb")
		t := &RouteTable{Meta: r.meta(id, r.arn("ec2", r.region, r.ID, "route-table/"+id), ""), VPCID: v.ID}
		if err := r.inlineRoutes(t); err != nil {
			return "", err
		}
		r.ec2.tables[id] = t
		return id, nil
	},
	update: func(r *request) error {
		t := r.ec2.tables[r.id]
		t.Tags = r.tags()
		return r.inlineRoutes(t)
	},
	remove: func(r *request) error {
		for _, s := range sorted(r.ec2.subnets) {
			if s.TableID == r.id {
				return lawTableDeletion.Refuse("DependencyViolation",
					"The routeTable '%s' has dependencies and cannot be deleted. (subnet %s)", r.id, s.ID)
			}
		}
		for _, e := range r.ec2.endpoints {
			e.TableIDs = slices.DeleteFunc(e.TableIDs, func(id string) bool { return id == r.id })
		}
		delete(r.ec2.tables, r.id)
		return nil
	},
	outputs: func(r *request) engine.Props {
		t := r.ec2.tables[r.id]
		if t == nil {
			return nil
		}
		routes := []any{}
		for _, route := range t.Routes {
			if route.ofEndpoint() {
				continue
			}
			to := engine.Props{"gatewayId": route.GatewayID, "natGatewayId": route.NATID, "transitGatewayId": route.TransitID}
			if strings.HasPrefix(route.Destination, "pl-") {
				to["destinationPrefixListId"] = route.Destination
			} else {
				to["cidrBlock"] = route.Destination
			}
			routes = append(routes, to)
		}
		return engine.Props{"arn": t.ARN, "ownerId": r.ID, "vpcId": t.VPCID, "routes": routes, "propagatingVgws": []any{}, "tagsAll": t.tagsAll()}
	},
}

func (r *request) inlineRoutes(t *RouteTable) error {
	listed := objs(r.old["routes"]) // a refresh puts there what another party added
	kept := slices.DeleteFunc(slices.Clone(t.Routes), func(x Route) bool {
		return x.Inline || slices.ContainsFunc(listed, func(in engine.Props) bool { return destination(in) == x.Destination })
	})
	next := &RouteTable{Meta: t.Meta, VPCID: t.VPCID, Routes: kept}
	for _, in := range r.objs("routes") {
		route := Route{URN: r.urn, Destination: destination(in), GatewayID: text(in["gatewayId"]), NATID: text(in["natGatewayId"]),
			TransitID: text(in["transitGatewayId"]), Inline: true}
		if err := r.addRoute(next, route); err != nil {
			return err
		}
	}
	t.Routes = next.Routes
	return nil
}

// destination is where an inline route leads.
func destination(in engine.Props) string {
	if block := text(in["cidrBlock"]); block != "" {
		return block
	}
	return text(in["destinationPrefixListId"])
}

func (r *request) addRoute(t *RouteTable, route Route) error {
	for _, have := range t.Routes {
		if have.Destination == route.Destination {
			return lawRouteOnce.Refuse("RouteAlreadyExists", "The route identified by %s already exists.", route.Destination)
		}
	}
	switch {
	case route.NATID != "":
		n := r.ec2.nats[route.NATID]
		if n == nil || n.Region != r.region {
			return lawExists.Refuse("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", route.NATID)
		}
		if r.ec2.subnets[n.SubnetID].VPCID != t.VPCID {
			return lawRouteSameVPC.Refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, route.NATID)
		}
	case route.TransitID != "":
		attachment := r.attachment(t.VPCID, route.TransitID)
		if attachment == nil {
			return lawTransitRoute.Refuse("InvalidTransitGatewayID.NotFound", "The transitGateway ID '%s' does not exist", route.TransitID)
		}
		r.op.DependsOn(attachment.URN, lawTransitRoute)
	case route.GatewayID != "":
		g := r.ec2.gateways[route.GatewayID]
		if g == nil || g.Region != r.region {
			return lawExists.Refuse("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", route.GatewayID)
		}
		if g.VPCID != t.VPCID {
			return lawRouteSameVPC.Refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, route.GatewayID)
		}
	default:
		return lawExists.Refuse("MissingParameter", "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId or transitGatewayId")
	}
	t.Routes = append(t.Routes, route)
	return nil
}

var routeKind = &kind{
	token:    "aws:ec2/route:Route",
	required: []string{"routeTableId"},
	forceNew: []string{"routeTableId", "destinationCidrBlock", "destinationPrefixListId", "destinationIpv6CidrBlock"},
	untagged: true,
	check:    func(c *checker) { c.cidr("destinationCidrBlock") },
	create: func(r *request) (string, error) {
		t, err := r.table(r.str("routeTableId"))
		if err != nil {
			return "", err
		}
		if err := r.addRoute(t, r.route()); err != nil {
			return "", err
		}
		return "r-" + t.ID + r.World.ID(r.urn, 10), nil
	},
	update: func(r *request) error {
		t := r.ec2.tables[r.str("routeTableId")]
		without := &RouteTable{Meta: t.Meta, VPCID: t.VPCID, Routes: slices.DeleteFunc(slices.Clone(t.Routes), r.isOwn)}
		if err := r.addRoute(without, r.route()); err != nil {
			return err
		}
		t.Routes = without.Routes
		return nil
	},
	remove: func(r *request) error {
		t := r.ec2.tables[r.str("routeTableId")]
		t.Routes = slices.DeleteFunc(t.Routes, r.isOwn)
		return nil
	},
	outputs: func(r *request) engine.Props {
		t := r.ec2.tables[r.str("routeTableId")]
		if t == nil {
			return nil
		}
		at := slices.IndexFunc(t.Routes, r.isOwn)
		if at < 0 {
			return nil
		}
		return engine.Props{"gatewayId": t.Routes[at].GatewayID, "natGatewayId": t.Routes[at].NATID, "transitGatewayId": t.Routes[at].TransitID, "origin": "CreateRoute", "state": "active", "instanceId": "", "instanceOwnerId": "", "networkInterfaceId": ""}
	},
}

// isOwn finds the route by its destination: a URN alone does not tell a route
// from its replacement.
func (r *request) isOwn(x Route) bool { return x.Destination == r.route().Destination && !x.Inline }

func (r *request) route() Route {
	dest := r.str("destinationCidrBlock")
	if dest == "" {
		dest = r.str("destinationPrefixListId")
	}
	return Route{URN: r.urn, Destination: dest, GatewayID: r.str("gatewayId"), NATID: r.str("natGatewayId"), TransitID: r.str("transitGatewayId")}
}

var routeTableAssociationKind = &kind{
	token:    "aws:ec2/routeTableAssociation:RouteTableAssociation",
	required: []string{"routeTableId"},
	forceNew: []string{"subnetId", "gatewayId"},
	untagged: true,
	create: func(r *request) (string, error) {
		s, err := r.subnet(r.str("subnetId"))
		if err != nil {
			return "", err
		}
		if s.TableID != "" {
			return "", lawOneTable.Refuse("Resource.AlreadyAssociated",
				"the specified association for route table %s conflicts with an existing association", r.str("routeTableId"))
		}
		return r.newID("rtbassoc"), r.associate(s)
	},
	update: func(r *request) error {
		s, err := r.subnet(r.str("subnetId"))
		if err != nil {
			return err
		}
		return r.associate(s)
	},
	remove: func(r *request) error {
		s := r.ec2.subnets[r.str("subnetId")]
		s.TableID, s.TableBy = "", ""
		return nil
	},
	outputs: func(r *request) engine.Props {
		s := r.ec2.subnets[r.str("subnetId")]
		if s == nil || s.TableBy != r.urn {
			return nil
		}
		return engine.Props{"routeTableId": s.TableID}
	},
}

func (r *request) associate(s *Subnet) error {
	t, err := r.table(r.str("routeTableId"))
	if err != nil {
		return err
	}
	if t.VPCID != s.VPCID {
		return lawRouteSameVPC.Refuse("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", t.ID, s.ID)
	}
	s.TableID, s.TableBy = t.ID, r.urn
	return nil
}
