package ec2

import (
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// VPCEndpoint is a gateway endpoint: a route to S3 or DynamoDB that does not
// leave AWS's network.
type VPCEndpoint struct {
	cloud.Meta
	VPCID    string
	Service  string
	ListID   string // the prefix list that its routes lead to
	TableIDs []string
}

var lawEndpoint = law.New(law.References, "gateway-endpoint",
	"A gateway endpoint is for S3 or DynamoDB of its Region and adds a route to each of its VPC's route tables that it names; "+
		"a table has one such route per service.",
	"https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html")

// Endpoints are the gateway endpoints by id.
var Endpoints = cloud.NewTable[*VPCEndpoint]("ec2 vpc endpoint", cloud.Missing{})

var _ = cloud.Use(Endpoints, VPCs, VPCInUse, func(e *VPCEndpoint) []string { return []string{e.VPCID} },
	func(e *VPCEndpoint) string { return "endpoint " + e.ID + " " + e.Service })

// fullAccess is an endpoint's policy when the program gives none.
// https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
const fullAccess = `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

var _ = cloud.DefineType(cloud.Type[*VPCEndpoint]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/vpcEndpoint:VpcEndpoint",
		Required: []string{"vpcId", "serviceName"},
		ForceNew: []string{"vpcId", "serviceName", "vpcEndpointType"},
		Sets:     []string{"routeTableIds"},
		Defaults: engine.Props{"vpcEndpointType": "Gateway"},
		Refers:   []cloud.Reference{{Property: "vpcId", To: VPCs}, {Property: "routeTableIds", To: RouteTables}},
		Takes:    cloud.Durations{Create: 6 * time.Second, Update: 6 * time.Second, Delete: 6 * time.Second},
		Check: func(c *cloud.Checker) {
			if kind, ok := c.Known("vpcEndpointType"); ok && kind != "Gateway" {
				c.Unknown("vpcEndpointType", "gateway endpoints", kind)
			}
		},
	},
	Table:  Endpoints,
	Create: createEndpoint,
	Update: func(r *cloud.Request, e *VPCEndpoint) error {
		before := e.TableIDs
		e.dropRoutes(r.Account)
		if err := e.addRoutes(r, r.List("routeTableIds")); err != nil {
			e.dropRoutes(r.Account)
			_ = e.addRoutes(r, before) // these existed a moment ago
			return err
		}
		return nil
	},
	Delete: func(r *cloud.Request, e *VPCEndpoint) error {
		e.dropRoutes(r.Account)
		Endpoints.Delete(r.Account, e.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, e *VPCEndpoint) engine.Props {
		return engine.Props{
			"arn": e.ARN, "ownerId": r.Account.ID, "vpcId": e.VPCID, "serviceName": e.Service, "serviceRegion": e.Region, "state": "available",
			"routeTableIds": cloud.List(e.TableIDs), "prefixListId": e.ListID,
			"cidrBlocks": cloud.List(prefixList(r.Account, r.Region, "", e.ListID).Entries),
			"policy":     r.Or("policy", fullAccess),
			"dnsEntries": []any{}, "networkInterfaceIds": []any{}, "securityGroupIds": []any{}, "subnetIds": []any{},
			"subnetConfigurations": []any{},
			"privateDnsEnabled":    false, "requesterManaged": false, "ipAddressType": "",
		}
	},
})

func createEndpoint(r *cloud.Request) (*VPCEndpoint, error) {
	service := prefixList(r.Account, r.Region, r.Str("serviceName"), "")
	if service == nil || !strings.HasSuffix(service.Name, ".s3") && !strings.HasSuffix(service.Name, ".dynamodb") {
		return nil, lawEndpoint.Refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", r.Str("serviceName"))
	}
	e := &VPCEndpoint{Meta: r.Identified("vpce", "ec2", "vpc-endpoint", ""), VPCID: r.Str("vpcId"), Service: service.Name, ListID: service.ID}
	if err := e.addRoutes(r, r.List("routeTableIds")); err != nil {
		e.dropRoutes(r.Account)
		return nil, err
	}
	return e, nil
}

func (e *VPCEndpoint) addRoutes(r *cloud.Request, tables []string) error {
	for _, id := range tables {
		t := RouteTables.Get(r.Account, id)
		if t.VPCID != e.VPCID {
			return lawEndpoint.Refuse("InvalidParameter", "Route table %s does not belong to VPC %s", id, e.VPCID)
		}
		if slices.ContainsFunc(t.Routes, func(have Route) bool { return have.Destination == e.ListID }) {
			return lawEndpoint.Refuse("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s", id, e.ListID)
		}
		t.Routes = append(t.Routes, Route{URN: r.URN, Destination: e.ListID, GatewayID: e.ID})
		e.TableIDs = append(e.TableIDs, id)
	}
	return nil
}

func (e *VPCEndpoint) dropRoutes(a *cloud.Account) {
	for _, t := range RouteTables.All(a) {
		t.Routes = slices.DeleteFunc(t.Routes, func(x Route) bool { return x.GatewayID == e.ID })
	}
	e.TableIDs = nil
}
