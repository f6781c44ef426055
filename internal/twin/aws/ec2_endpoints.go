package aws

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// VPCEndpoint is a gateway endpoint: a route to S3 or DynamoDB that does not
// leave AWS's network.
type VPCEndpoint struct {
	Meta
	VPCID    string
	Service  string
	ListID   string // the prefix list that its routes lead to
	TableIDs []string
}

var lawEndpoint = law.New(law.References, "gateway-endpoint",
	"A gateway endpoint is for S3 or DynamoDB of its Region and puts a route into each of its VPC's route tables that it names; a table has one such route per service.",
	"https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html")

var endpointKind = &kind{
	token:    "aws:ec2/vpcEndpoint:VpcEndpoint",
	required: []string{"vpcId", "serviceName"},
	forceNew: []string{"vpcId", "serviceName", "vpcEndpointType"},
	sets:     []string{"routeTableIds"},
	defaults: engine.Props{"vpcEndpointType": "Gateway"},
	check: func(c *checker) {
		if kind, ok := c.known("vpcEndpointType"); ok && kind != "Gateway" {
			c.fail("vpcEndpointType", "the twin knows gateway endpoints only, got %s [law %s]", kind, lawKnownTypes.ID)
		}
	},
	create: createEndpoint,
	update: func(r *request) error {
		e := r.ec2.endpoints[r.id]
		before := e.TableIDs
		r.dropEndpointRoutes(e)
		if err := r.addEndpointRoutes(e, r.list("routeTableIds")); err != nil {
			r.dropEndpointRoutes(e)
			_ = r.addEndpointRoutes(e, before) // they were there a moment ago
			return err
		}
		e.Tags = r.tags()
		return nil
	},
	remove: func(r *request) error {
		r.dropEndpointRoutes(r.ec2.endpoints[r.id])
		delete(r.ec2.endpoints, r.id)
		return nil
	},
	outputs: func(r *request) engine.Props {
		e := r.ec2.endpoints[r.id]
		if e == nil {
			return nil
		}
		return engine.Props{
			"arn": e.ARN, "ownerId": r.ID, "vpcId": e.VPCID, "serviceName": e.Service, "serviceRegion": e.Region, "state": "available",
			"routeTableIds": list(e.TableIDs), "prefixListId": e.ListID, "cidrBlocks": list(r.prefixList(r.region, "", e.ListID).Entries),
			"policy":     r.or("policy", fullAccess),
			"dnsEntries": []any{}, "networkInterfaceIds": []any{}, "securityGroupIds": []any{}, "subnetIds": []any{}, "subnetConfigurations": []any{},
			"privateDnsEnabled": false, "requesterManaged": false, "ipAddressType": "", "tagsAll": e.tagsAll(),
		}
	},
}

// fullAccess is an endpoint's policy when the program gives none.
// https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
const fullAccess = `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

func createEndpoint(r *request) (string, error) {
	v, err := r.vpc(r.str("vpcId"))
	if err != nil {
		return "", err
	}
	service := r.prefixList(r.region, r.str("serviceName"), "")
	if service == nil || !strings.HasSuffix(service.Name, ".s3") && !strings.HasSuffix(service.Name, ".dynamodb") {
		return "", lawEndpoint.Refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", r.str("serviceName"))
	}
	id := r.newID("vpce")
	e := &VPCEndpoint{Meta: r.meta(id, r.arn("ec2", r.region, r.ID, "vpc-endpoint/"+id), ""), VPCID: v.ID, Service: service.Name, ListID: service.ID}
	if err := r.addEndpointRoutes(e, r.list("routeTableIds")); err != nil {
		r.dropEndpointRoutes(e)
		return "", err
	}
	r.ec2.endpoints[id] = e
	return id, nil
}

func (r *request) addEndpointRoutes(e *VPCEndpoint, tables []string) error {
	for _, id := range tables {
		t, err := r.table(id)
		if err != nil {
			return err
		}
		if t.VPCID != e.VPCID {
			return lawEndpoint.Refuse("InvalidParameter", "Route table %s does not belong to VPC %s", id, e.VPCID)
		}
		for _, have := range t.Routes {
			if have.Destination == e.ListID {
				return lawEndpoint.Refuse("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s", id, e.ListID)
			}
		}
		t.Routes = append(t.Routes, Route{URN: r.urn, Destination: e.ListID, GatewayID: e.ID})
		e.TableIDs = append(e.TableIDs, id)
	}
	return nil
}

func (a *Account) dropEndpointRoutes(e *VPCEndpoint) {
	for _, t := range a.ec2.tables {
		t.Routes = slices.DeleteFunc(t.Routes, func(x Route) bool { return x.GatewayID == e.ID })
	}
	e.TableIDs = nil
}

// ofEndpoint tells whether an endpoint put a route into its table. A table's own
// list leaves such routes out.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/ec2/vpc_route_table.go
func (x Route) ofEndpoint() bool { return strings.HasPrefix(x.GatewayID, "vpce-") }
