package ec2

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawTableDeletion = law.New(law.Deletion, "route-table-has-associations",
		"A route table with associated subnets cannot be deleted.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html")
	lawOneTable = law.New(law.References, "one-route-table-per-subnet",
		"A subnet is associated with one route table.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html")
)

var _ = cloud.Use(Subnets, RouteTables, cloud.InUse{Law: lawTableDeletion, Code: "DependencyViolation",
	Format: "The routeTable '%[1]s' has dependencies and cannot be deleted. (%[2]s)",
}, func(s *Subnet) []string { return []string{s.TableID} }, func(s *Subnet) string { return "subnet " + s.ID })

var _ = cloud.DefineType(cloud.Type[*RouteTable]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/routeTable:RouteTable",
		Required: []string{"vpcId"},
		ForceNew: []string{"vpcId"},
		Sets:     []string{"routes"},
		Refers:   []cloud.Reference{{Property: "vpcId", To: VPCs}},
	},
	Table: RouteTables,
	Create: func(r *cloud.Request) (*RouteTable, error) {
		t := &RouteTable{Meta: r.Identified("rtb", "ec2", "route-table", ""), VPCID: r.Str("vpcId")}
		return t, t.putInline(r)
	},
	Update: func(r *cloud.Request, t *RouteTable) error { return t.putInline(r) },
	Delete: func(r *cloud.Request, t *RouteTable) error {
		for _, e := range Endpoints.All(r.Account) {
			e.TableIDs = slices.DeleteFunc(e.TableIDs, func(id string) bool { return id == t.ID })
		}
		RouteTables.Delete(r.Account, t.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, t *RouteTable) engine.Props {
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
		return engine.Props{"arn": t.ARN, "ownerId": r.Account.ID, "vpcId": t.VPCID, "routes": routes, "propagatingVgws": []any{}}
	},
})

// putInline gives a table the routes of its own inputs.
func (t *RouteTable) putInline(r *cloud.Request) error {
	listed := cloud.Objects(r.Old["routes"]) // a refresh puts there what another party added
	kept := slices.DeleteFunc(slices.Clone(t.Routes), func(x Route) bool {
		return x.Inline || slices.ContainsFunc(listed, func(in engine.Props) bool { return destination(in) == x.Destination })
	})
	next := &RouteTable{Meta: t.Meta, VPCID: t.VPCID, Routes: kept}
	for _, in := range r.Objs("routes") {
		route := Route{URN: r.URN, Destination: destination(in), GatewayID: cloud.Text(in["gatewayId"]), NATID: cloud.Text(in["natGatewayId"]),
			TransitID: cloud.Text(in["transitGatewayId"]), Inline: true}
		if err := next.add(r, route); err != nil {
			return err
		}
	}
	t.Routes = next.Routes
	return nil
}

// destination is where an inline route leads.
func destination(in engine.Props) string {
	if block := cloud.Text(in["cidrBlock"]); block != "" {
		return block
	}
	return cloud.Text(in["destinationPrefixListId"])
}

var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:ec2/routeTableAssociation:RouteTableAssociation",
		Required: []string{"routeTableId"},
		ForceNew: []string{"subnetId", "gatewayId"},
		Untagged: true,
		Refers:   []cloud.Reference{{Property: "subnetId", To: Subnets}, {Property: "routeTableId", To: RouteTables}},
	},
	Create: func(r *cloud.Request) (string, error) {
		s := Subnets.Get(r.Account, r.Str("subnetId"))
		if s.TableID != "" {
			return "", lawOneTable.Refuse("Resource.AlreadyAssociated",
				"the specified association for route table %s conflicts with an existing association", r.Str("routeTableId"))
		}
		return r.NewID("rtbassoc"), associate(r, s)
	},
	Update: func(r *cloud.Request) error { return associate(r, Subnets.Get(r.Account, r.Str("subnetId"))) },
	Delete: func(r *cloud.Request) error {
		s := Subnets.Get(r.Account, r.Str("subnetId"))
		s.TableID, s.TableBy = "", ""
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		s := Subnets.Get(r.Account, r.Str("subnetId"))
		if s == nil || s.TableBy != r.URN {
			return nil
		}
		return engine.Props{"routeTableId": s.TableID}
	},
})

func associate(r *cloud.Request, s *Subnet) error {
	t := RouteTables.Get(r.Account, r.Str("routeTableId"))
	if t.VPCID != s.VPCID {
		return lawRouteSameVPC.Refuse("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", t.ID, s.ID)
	}
	s.TableID, s.TableBy = t.ID, r.URN
	return nil
}
