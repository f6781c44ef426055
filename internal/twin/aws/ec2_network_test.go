package aws

import (
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// refusal is one request that a law refuses.
type refusal struct {
	name  string
	law   law.Law
	code  string
	words string
	token string
	in    engine.Props
}

func (p *program) refuseAll(t *testing.T, list []refusal) {
	t.Helper()
	for _, c := range list {
		p.refused(c.law, c.code, []string{c.words}, c.token, "refused-"+c.name, c.in)
	}
}

func TestNetworkReferences(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.up(tVPC, "bare", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.up(tSubnet, "bare-subnet", engine.Props{"vpcId": p.id("bare"), "cidrBlock": "10.0.0.0/24"})
	p.up(tTable, "bare-table", engine.Props{"vpcId": p.id("bare")})
	p.up(tEIP, "bare-eip", engine.Props{"domain": "vpc"})
	vpc := p.id("vpc")
	p.refuseAll(t, []refusal{
		{"vpc-large", lawVPCRange, "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.", tVPC, engine.Props{"cidrBlock": "10.0.0.0/8"}},
		{"vpc-small", lawVPCRange, "InvalidVpc.Range", "/29", tVPC, engine.Props{"cidrBlock": "10.0.0.0/29"}},
		{"subnet-nowhere", lawExists, "InvalidVpcID.NotFound", "The vpc ID 'vpc-0' does not exist", tSubnet, engine.Props{"vpcId": "vpc-0", "cidrBlock": "10.0.0.0/24"}},
		{"subnet-outside", lawSubnetRange, "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid.", tSubnet, engine.Props{"vpcId": vpc, "cidrBlock": "10.1.0.0/24"}},
		{"subnet-overlap", lawSubnetOverlap, "InvalidSubnet.Conflict", "The CIDR '10.0.0.128/25' conflicts with another subnet", tSubnet, engine.Props{"vpcId": vpc, "cidrBlock": "10.0.0.128/25"}},
		{"subnet-zone", lawZoneExists, "InvalidParameterValue", "us-east-1a", tSubnet, engine.Props{"vpcId": vpc, "cidrBlock": "10.0.200.0/24", "availabilityZone": "us-east-1a"}},
		{"second-gateway", lawOneGateway, "InvalidParameterValue", "already has an internet gateway attached", tIGW, engine.Props{"vpcId": vpc}},
		{"nat-no-gateway", lawNATNeedsGateway, "Gateway.NotAttached", "has no Internet gateway attached", tNAT, engine.Props{"subnetId": p.id("bare-subnet"), "allocationId": p.id("bare-eip")}},
		{"nat-address-taken", lawEIPOnce, "Resource.AlreadyAssociated", "is already associated", tNAT, engine.Props{"subnetId": p.id("public-c"), "allocationId": p.id("eip")}},
		{"nat-no-address", lawExists, "InvalidAllocationID.NotFound", "eipalloc-0", tNAT, engine.Props{"subnetId": p.id("public-c"), "allocationId": "eipalloc-0"}},
		{"route-twice", lawRouteOnce, "RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.", tRoute,
			engine.Props{"routeTableId": p.id("public"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": p.id("igw")}},
		{"route-elsewhere", lawRouteSameVPC, "InvalidParameterValue", "belong to different networks", tRoute,
			engine.Props{"routeTableId": p.id("bare-table"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": p.id("nat")}},
		{"route-gateway-elsewhere", lawRouteSameVPC, "InvalidParameterValue", "belong to different networks", tTable,
			engine.Props{"vpcId": p.id("bare"), "routes": []any{engine.Props{"cidrBlock": "0.0.0.0/0", "gatewayId": p.id("igw")}}}},
		{"table-elsewhere", lawRouteSameVPC, "InvalidParameterValue", "belong to different networks", tRTA, engine.Props{"subnetId": p.id("bare-subnet"), "routeTableId": p.id("public")}},
		{"second-table", lawOneTable, "Resource.AlreadyAssociated", "conflicts with an existing association", tRTA, engine.Props{"subnetId": p.id("public-a"), "routeTableId": p.id("private")}},
	})
	// An instance of the provider in another region does not see the VPC.
	p.inst = &engine.Instance{Config: engine.Props{"region": "us-east-1"}}
	p.refused(lawExists, "InvalidVpcID.NotFound", nil, tSubnet, "other-region", engine.Props{"vpcId": vpc, "cidrBlock": "10.0.200.0/24", "availabilityZone": "us-east-1a"})
}

func TestCIDRsAreChecked(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	for cidr, words := range map[string]string{
		"10.0.0.1/16": `"10.0.0.1/16" is not a valid CIDR block; did you mean "10.0.0.0/16"?`,
		"10.0.0.0":    `invalid CIDR address: 10.0.0.0`,
	} {
		if _, err := p.try(tVPC, "vpc", engine.Props{"cidrBlock": cidr}); err == nil || !contains(err.Error(), words, "Examine values at 'vpc.cidrBlock'") {
			t.Errorf("%s: %v", cidr, err)
		}
	}
}

func TestNetworkDeletion(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.cluster("")
	p.environment()
	p.up(tAssoc, "association", engine.Props{"serviceNetworkIdentifier": p.id("network"), "vpcIdentifier": p.id("vpc")})
	for _, c := range []struct {
		name  string
		law   law.Law
		code  string
		words string
	}{
		{"vpc", lawVPCDeletion, "DependencyViolation", "The vpc '" + p.id("vpc") + "' has dependencies and cannot be deleted."},
		{"private-a", lawSubnetDeletion, "DependencyViolation", "The subnet '" + p.id("private-a") + "' has dependencies and cannot be deleted."},
		{"public-a", lawSubnetDeletion, "DependencyViolation", "Interface for NAT Gateway"},
		{"igw", lawGatewayDetach, "DependencyViolation", "has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."},
		{"eip", lawEIPInUse, "InvalidIPAddress.InUse", "is in use."},
		{"private", lawTableDeletion, "DependencyViolation", "has dependencies and cannot be deleted."},
	} {
		p.broke(p.delete(c.name), c.law, c.code, c.words)
	}
	p.down(clusterNames("")[:len(clusterNames(""))-1]...)
	p.broke(p.delete("vpc"), lawVPCDeletion, "DependencyViolation", "service network association "+p.id("association"))
	p.down("association", "vpc")
}

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.up(tVPC, "other", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.up(tGroup, "front", engine.Props{"vpcId": p.id("vpc"), "name": "front", "revokeRulesOnDelete": true})
	p.up(tGroup, "back", engine.Props{"vpcId": p.id("vpc"), "name": "back"})
	p.up(tGroup, "far", engine.Props{"vpcId": p.id("other"), "name": "front"})
	rule := engine.Props{"type": "ingress", "fromPort": 443, "toPort": 443, "protocol": "tcp", "securityGroupId": p.id("back"), "sourceSecurityGroupId": p.id("front")}
	p.up(tOldRule, "rule", rule)
	p.refuseAll(t, []refusal{
		{"name", lawGroupName, "InvalidGroup.Duplicate", "The security group 'front' already exists for VPC", tGroup, engine.Props{"vpcId": p.id("vpc"), "name": "front"}},
		{"twice", lawRuleOnce, "InvalidPermission.Duplicate", "already exists", tOldRule, rule},
		{"far-peer", lawRulePeer, "InvalidGroup.NotFound", "belong to different networks", tIngress,
			engine.Props{"securityGroupId": p.id("back"), "ipProtocol": "-1", "referencedSecurityGroupId": p.id("far")}},
		{"no-list", lawRulePeer, "InvalidPrefixListID.NotFound", "The prefix list ID 'pl-0' does not exist", tIngress,
			engine.Props{"securityGroupId": p.id("back"), "ipProtocol": "-1", "prefixListId": "pl-0"}},
		{"no-group", lawExists, "InvalidGroup.NotFound", "The security group 'sg-0' does not exist", tIngress,
			engine.Props{"securityGroupId": "sg-0", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"}},
	})
	p.broke(p.delete("front"), lawGroupDeletion, "DependencyViolation", "resource "+p.id("front")+" has a dependent object")
	p.down("rule", "front", "back")
}

// A rule that admits VPC Lattice counts when it is about TCP and the target's port.
func TestPrefixListReachable(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	for family, name := range map[int]string{4: "com.amazonaws.ap-northeast-2.vpc-lattice", 6: "com.amazonaws.ap-northeast-2.ipv6.vpc-lattice"} {
		list := p.invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": name})
		wide := map[int]engine.Props{4: {"cidrIpv4": "169.254.0.0/16"}, 6: {"cidrIpv6": "::/0"}}[family]
		narrow := map[int]engine.Props{4: {"cidrIpv4": "169.254.171.0/25"}, 6: {"cidrIpv6": "fd00:ec2:80::/65"}}[family]
		for what, c := range map[string]struct {
			rule engine.Props
			want bool
		}{
			"everything":        {engine.Props{"ipProtocol": "-1", "prefixListId": list["id"]}, true},
			"all TCP":           {engine.Props{"ipProtocol": "tcp", "fromPort": 0, "toPort": 65535, "prefixListId": list["id"]}, true},
			"the port":          {engine.Props{"ipProtocol": "tcp", "fromPort": 8090, "toPort": 8090, "prefixListId": list["id"]}, true},
			"another port":      {engine.Props{"ipProtocol": "tcp", "fromPort": 8091, "toPort": 9000, "prefixListId": list["id"]}, false},
			"UDP":               {engine.Props{"ipProtocol": "udp", "fromPort": 8090, "toPort": 8090, "prefixListId": list["id"]}, false},
			"a block around it": {merge(engine.Props{"ipProtocol": "-1"}, wide), true},
			"a part of it":      {merge(engine.Props{"ipProtocol": "-1"}, narrow), false},
		} {
			p.up(tGroup, "nodes", engine.Props{"vpcId": p.id("vpc")})
			if _, ok := p.a.PrefixListReachable(p.id("nodes"), family, 8090); ok {
				t.Errorf("IPv%d is admitted without a rule", family)
			}
			p.up(tIngress, "rule", merge(c.rule, engine.Props{"securityGroupId": p.id("nodes")}))
			by, ok := p.a.PrefixListReachable(p.id("nodes"), family, 8090)
			if ok != c.want || ok && by != string(p.made["rule"].urn) {
				t.Errorf("IPv%d is admitted by a rule for %s: %v (%q)", family, what, ok, by)
			}
			p.down("rule", "nodes")
		}
	}
}

func (p *program) invoke(token string, args engine.Props) (out engine.Props) {
	p.t.Helper()
	err := p.a.World.Do(world.Read, token, func(op *world.Op) (err error) {
		out, err = p.a.Backend().Invoke(op, p.inst, token, args)
		return err
	})
	if err != nil {
		p.t.Fatalf("%s: %v", token, err)
	}
	return out
}

// A replacement is made before the old one goes; both have one URN, and the old
// one's deletion leaves the new one alone.
func TestReplacements(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.up(tGroup, "web", engine.Props{"vpcId": p.id("vpc")})
	rule := engine.Props{"type": "ingress", "fromPort": 80, "toPort": 80, "protocol": "tcp", "securityGroupId": p.id("web"), "cidrBlocks": []string{"10.0.0.0/8", "172.16.0.0/12"}}
	for _, c := range []struct {
		token, name string
		old, new    engine.Props
		count       func() int
		want        int
	}{
		{tOldRule, "rule", rule, merge(rule, engine.Props{"fromPort": 443, "toPort": 443}), func() int { return len(p.a.ec2.groups[p.id("web")].Rules) }, 2},
		{tRoute, "route", engine.Props{"routeTableId": p.id("public"), "destinationCidrBlock": "192.0.2.0/24", "gatewayId": p.id("igw")},
			engine.Props{"routeTableId": p.id("public"), "destinationCidrBlock": "198.51.100.0/24", "gatewayId": p.id("igw")},
			func() int { return len(p.a.ec2.tables[p.id("public")].Routes) }, 2},
	} {
		old := p.up(c.token, c.name, c.old)
		next := p.up(c.token, c.name, c.new)
		p.made[c.name] = old
		p.down(c.name)
		p.made[c.name] = next
		if got := c.count(); got != c.want {
			t.Errorf("%s: %d are left after the replacement, want %d", c.name, got, c.want)
		}
		p.down(c.name)
	}
}
