package aws

import (
	"net/netip"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// reach connects to the cluster's API as an operation of the engine would.
func (p *program) reach() error {
	p.t.Helper()
	return p.a.World.Do(world.Create, string(urnOf("kubernetes:core/v1:Namespace", "client")), func(op *world.Op) error {
		return p.a.Reach(op, p.a.ClusterByName("eks-cluster"))
	})
}

func (p *program) endpoints(config engine.Props) engine.Props {
	return p.clusterInputs("", engine.Props{"vpcConfig": merge(engine.Props{"subnetIds": p.privateSubnets("")}, config)})
}

func TestEndpointAccess(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.refuseAll(t, []refusal{
		{"none", lawEndpointAccess, "InvalidParameterException", "Private and public endpoint access cannot be false", tCluster,
			p.endpoints(engine.Props{"endpointPublicAccess": false, "endpointPrivateAccess": false})},
		{"private", lawEndpointAccess, "InvalidParameterException", "The following CIDRs are invalid in publicAccessCidrs: [10.1.0.0/16]", tCluster,
			p.endpoints(engine.Props{"publicAccessCidrs": []string{"198.51.100.0/24", "10.1.0.0/16"}})},
		{"ipv6", lawEndpointAccess, "InvalidParameterException", "[2001:db8::/32]", tCluster, p.endpoints(engine.Props{"publicAccessCidrs": []string{"2001:db8::/32"}})},
	})
	p.up(tCluster, "cluster", p.endpoints(engine.Props{"publicAccessCidrs": []string{"198.51.100.0/24"}}))
	for address, admitted := range map[string]bool{"": true, "198.51.100.7": true, "203.0.113.7": false} {
		p.a.Deployer = Deployer{}
		if address != "" {
			p.a.Deployer.PublicAddress = netip.MustParseAddr(address)
		}
		if err := p.reach(); admitted && err != nil {
			t.Errorf("from %q: %v", address, err)
		} else if !admitted {
			p.broke(err, lawPublicEndpoint, "", "i/o timeout", address)
		}
	}
	if err := p.update("cluster", engine.Props{"vpcConfig": engine.Props{"subnetIds": p.privateSubnets(""), "publicAccessCidrs": []string{"0.0.0.0/0"}}}); err != nil {
		t.Fatal(err)
	}
	p.a.Deployer = Deployer{PublicAddress: netip.MustParseAddr("203.0.113.7")}
	if err := p.reach(); err != nil {
		t.Errorf("with everybody admitted: %v", err)
	}
}

// Each part of the way to a private endpoint is needed.
func TestPrivateEndpoint(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.a.AddTransitGateway("tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
	p.vpc("")
	p.roles("")
	p.up(tCluster, "cluster", p.endpoints(engine.Props{"endpointPublicAccess": false, "endpointPrivateAccess": true}))
	refused := func(words string) {
		t.Helper()
		p.broke(p.reach(), lawPrivateEndpoint, "", "dial tcp 10.0.1", "i/o timeout", words)
	}
	refused("whoever deploys is on the Internet")
	p.a.Deployer.Address = netip.MustParseAddr("10.200.0.10")
	refused("no route leads from subnet")
	p.up(tTransit, "attachment", engine.Props{"transitGatewayId": "tgw-1", "vpcId": p.id("vpc"), "subnetIds": p.privateSubnets("")})
	p.up(tRoute, "back", engine.Props{"routeTableId": p.id("private"), "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": "tgw-1"})
	refused("no security group of the control plane admits 10.200.0.10 to port 443")
	group := p.a.ClusterByName("eks-cluster").SecurityGroupID
	p.up(tIngress, "too-narrow", engine.Props{"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.200.1.0/24"})
	refused("no security group")
	p.up(tIngress, "rule", engine.Props{"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.200.0.0/16"})
	if err := p.reach(); err != nil {
		t.Fatalf("with all of it: %v", err)
	}
	for _, part := range []string{"attachment", "back", "rule", "private-table-a"} {
		if !p.depends("client", part, world.Create, lawPrivateEndpoint) {
			t.Errorf("the need of %s is not recorded", part)
		}
	}
	p.a.Deployer.Address = netip.MustParseAddr("10.201.0.10")
	refused("no route leads")
	p.a.Deployer.Address = netip.MustParseAddr("10.200.0.10")
	g := p.a.ec2.transits["tgw-1"]
	known := g.Routes
	g.Routes = known[1:]
	refused("tgw-1 does not know the network of 10.200.0.10")
	g.Routes = []TransitRoute{known[0], {netip.MustParsePrefix("10.0.0.0/16"), "tgw-attach-other"}}
	refused("tgw-1 leads elsewhere for 10.0.1")
	g.Routes = known
	p.down("attachment") // which leaves the route behind
	refused("is not attached to tgw-1")
}
