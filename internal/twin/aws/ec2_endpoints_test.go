package aws

import (
	"testing"

	"eks-lattice/internal/twin/engine"
)

func TestGatewayEndpoint(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.up(tVPC, "other", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.up(tTable, "elsewhere", engine.Props{"vpcId": p.id("other")})
	s3 := func(over engine.Props) engine.Props {
		return merge(engine.Props{"vpcId": p.id("vpc"), "serviceName": "com.amazonaws.ap-northeast-2.s3", "routeTableIds": []string{p.id("private")}}, over)
	}
	p.up(tVPCE, "s3", s3(nil))
	p.refuseAll(t, []refusal{
		{"other-region", lawEndpoint, "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.s3' does not exist", tVPCE,
			s3(engine.Props{"serviceName": "com.amazonaws.us-east-1.s3"})},
		{"no-gateway", lawEndpoint, "InvalidServiceName", "does not exist", tVPCE, s3(engine.Props{"serviceName": "com.amazonaws.ap-northeast-2.vpc-lattice"})},
		{"nowhere", lawExists, "InvalidVpcID.NotFound", "vpc-0", tVPCE, s3(engine.Props{"vpcId": "vpc-0"})},
		{"no-table", lawExists, "InvalidRouteTableID.NotFound", "rtb-0", tVPCE, s3(engine.Props{"routeTableIds": []string{"rtb-0"}})},
		{"elsewhere", lawEndpoint, "InvalidParameter", "does not belong to VPC", tVPCE, s3(engine.Props{"routeTableIds": []string{p.id("elsewhere")}})},
		{"twice", lawEndpoint, "RouteAlreadyExists", "route table " + p.id("private") + " already has a route with destination-prefix-list-id pl-", tVPCE,
			s3(engine.Props{"routeTableIds": []string{p.id("public"), p.id("private")}})},
	})
	if _, err := p.try(tVPCE, "interface", s3(engine.Props{"vpcEndpointType": "Interface"})); err == nil || !contains(err.Error(), "gateway endpoints only", lawKnownTypes.ID) {
		t.Errorf("an interface endpoint: %v", err)
	}
	// What was refused left no route behind.
	if err := p.update("s3", engine.Props{"routeTableIds": []string{p.id("public")}}); err != nil {
		t.Fatal(err)
	}
	p.broke(p.update("s3", engine.Props{"routeTableIds": []string{p.id("elsewhere")}}), lawEndpoint, "InvalidParameter")
	if e := p.a.ec2.endpoints[p.id("s3")]; len(e.TableIDs) != 1 || e.TableIDs[0] != p.id("public") {
		t.Errorf("after a refused update the endpoint has the tables %v", e.TableIDs)
	}
	p.down(vpcNames("")[:len(vpcNames(""))-1]...)
	p.broke(p.delete("vpc"), lawVPCDeletion, "DependencyViolation", "endpoint "+p.id("s3"))
	p.down("s3", "vpc", "elsewhere", "other")
	if left := p.a.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}
