package ec2_test

import (
	"slices"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestNetworkReferences(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	bare(p)
	p.Refuses("vpc-cidr-size", "InvalidVpc.Range", "/29", awstest.VPC, engine.Props{"cidrBlock": "10.0.0.0/29"})
	p.Refuses("ec2-references-exist", "InvalidAllocationID.NotFound", "eipalloc-0", awstest.NATGateway,
		engine.Props{"subnetId": p.ID("public-c"), "allocationId": "eipalloc-0"})
	p.Refuses("ec2-references-exist", "MissingParameter", "AllocationId", awstest.NATGateway, engine.Props{"subnetId": p.ID("public-c")})
	p.Refuses("route-within-vpc", "InvalidParameterValue", "belong to different networks", awstest.RouteTable,
		engine.Props{"vpcId": p.ID("bare"), "routes": []any{engine.Props{"cidrBlock": "0.0.0.0/0", "gatewayId": p.ID("igw")}}})
	p.Refuses("route-within-vpc", "InvalidParameterValue", "belong to different networks", awstest.RouteTableAssociation,
		engine.Props{"subnetId": p.ID("bare-subnet"), "routeTableId": p.ID("public")})
	p.Refuses("ec2-references-exist", "InvalidGroup.NotFound", "sg-0", awstest.LaunchTemplate,
		engine.Props{"vpcSecurityGroupIds": []string{"sg-0"}})
	// A provider in another Region does not see the VPC.
	p.Instance = &engine.Instance{Config: engine.Props{"region": "us-east-1"}}
	p.Refuses("ec2-references-exist", "InvalidVpcID.NotFound", "", awstest.Subnet,
		engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": "10.0.200.0/24", "availabilityZone": "us-east-1a"})
}

func TestNetworkDeletion(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	p.Environment()
	p.Up(awstest.VPCAssociation, "association", engine.Props{"serviceNetworkIdentifier": p.ID("network"), "vpcIdentifier": p.ID("vpc")})
	p.Refused(p.Delete("private-a"), "subnet-has-interfaces", "DependencyViolation", "The subnet '"+p.ID("private-a")+"' has dependencies")
	names := awstest.ClusterNames("")
	p.Down(names[:len(names)-1]...)
	p.Refused(p.Delete("vpc"), "vpc-has-dependencies", "DependencyViolation", "service network association "+p.ID("association"))
	p.Down("association", "vpc")
}

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Up(awstest.VPC, "other", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.Up(awstest.SecurityGroup, "back", engine.Props{"vpcId": p.ID("vpc"), "name": "back"})
	p.Up(awstest.SecurityGroup, "far", engine.Props{"vpcId": p.ID("other"), "name": "back"})
	p.Refuses("security-group-rule-peer", "InvalidGroup.NotFound", "belong to different networks", awstest.IngressRule,
		engine.Props{"securityGroupId": p.ID("back"), "ipProtocol": "-1", "referencedSecurityGroupId": p.ID("far")})
	p.Refuses("ec2-references-exist", "InvalidGroup.NotFound", "The security group 'sg-0' does not exist", awstest.IngressRule,
		engine.Props{"securityGroupId": "sg-0", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"})
	p.Refuses("security-group-name", "", "cannot begin with sg-", awstest.SecurityGroup, engine.Props{"vpcId": p.ID("vpc"), "name": "sg-x"})
}

// A rule that admits VPC Lattice counts when it is about TCP and the target's port.
func TestPrefixListReachable(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	for family, name := range map[int]string{4: "com.amazonaws.ap-northeast-2.vpc-lattice",
		6: "com.amazonaws.ap-northeast-2.ipv6.vpc-lattice"} {
		list, err := p.Invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": name})
		if err != nil {
			t.Fatal(err)
		}
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
			"a block around it": {cloud.Merge(engine.Props{"ipProtocol": "-1"}, wide), true},
			"a part of it":      {cloud.Merge(engine.Props{"ipProtocol": "-1"}, narrow), false},
		} {
			p.Up(awstest.SecurityGroup, "nodes", engine.Props{"vpcId": p.ID("vpc")})
			if _, ok := ec2.PrefixListReachable(p.Account.Account, p.ID("nodes"), family, 8090); ok {
				t.Errorf("IPv%d is admitted without a rule", family)
			}
			p.Up(awstest.IngressRule, "rule", cloud.Merge(c.rule, engine.Props{"securityGroupId": p.ID("nodes")}))
			by, ok := ec2.PrefixListReachable(p.Account.Account, p.ID("nodes"), family, 8090)
			if ok != c.want || ok && by != string(p.Created["rule"].URN) {
				t.Errorf("IPv%d is admitted by a rule for %s: %v (%q)", family, what, ok, by)
			}
			p.Down("rule", "nodes")
		}
	}
}

// A replacement is created before the old one is deleted; both have one URN, and
// the old one's deletion leaves the new one alone.
func TestReplacements(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Up(awstest.SecurityGroup, "web", engine.Props{"vpcId": p.ID("vpc")})
	rule := engine.Props{"type": "ingress", "fromPort": 80, "toPort": 80, "protocol": "tcp", "securityGroupId": p.ID("web"),
		"cidrBlocks": []string{"10.0.0.0/8", "172.16.0.0/12"}}
	route := engine.Props{"routeTableId": p.ID("public"), "destinationCidrBlock": "192.0.2.0/24", "gatewayId": p.ID("igw")}
	for _, c := range []struct {
		token  string
		old    engine.Props
		change engine.Props
		count  func() int
	}{
		{awstest.SecurityGroupRule, rule, engine.Props{"fromPort": 443, "toPort": 443},
			func() int { return len(ec2.Groups.Get(p.Account.Account, p.ID("web")).Rules) }},
		{awstest.Route, route, engine.Props{"destinationCidrBlock": "198.51.100.0/24"},
			func() int { return len(ec2.RouteTables.Get(p.Account.Account, p.ID("public")).Routes) }},
	} {
		old := p.Up(c.token, "replaced", c.old)
		next := p.Up(c.token, "replaced", cloud.Merge(c.old, c.change))
		p.Created["replaced"] = old
		p.Down("replaced")
		p.Created["replaced"] = next
		if got := c.count(); got != 2 {
			t.Errorf("%s: %d are left after the replacement, want 2", c.token, got)
		}
		p.Down("replaced")
	}
}

func TestGatewayEndpoint(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Up(awstest.VPC, "other", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.Up(awstest.RouteTable, "elsewhere", engine.Props{"vpcId": p.ID("other")})
	p.Up(awstest.VPCEndpoint, "s3", s3(p, nil))
	const id = "gateway-endpoint"
	p.Refuses(id, "InvalidServiceName", "does not exist", awstest.VPCEndpoint,
		s3(p, engine.Props{"serviceName": "com.amazonaws.ap-northeast-2.vpc-lattice"}))
	p.Refuses("ec2-references-exist", "InvalidVpcID.NotFound", "vpc-0", awstest.VPCEndpoint, s3(p, engine.Props{"vpcId": "vpc-0"}))
	p.Refuses("ec2-references-exist", "InvalidRouteTableID.NotFound", "rtb-0", awstest.VPCEndpoint,
		s3(p, engine.Props{"routeTableIds": []string{"rtb-0"}}))
	p.Refuses(id, "InvalidParameter", "does not belong to VPC", awstest.VPCEndpoint,
		s3(p, engine.Props{"routeTableIds": []string{p.ID("elsewhere")}}))
	p.Refuses(id, "RouteAlreadyExists", "route table "+p.ID("private")+" already has a route with destination-prefix-list-id pl-",
		awstest.VPCEndpoint, s3(p, engine.Props{"routeTableIds": []string{p.ID("public"), p.ID("private")}}))
	p.Refuses("aws-known-types", "", "knows only gateway endpoints", awstest.VPCEndpoint, s3(p, engine.Props{"vpcEndpointType": "Interface"}))
	// What was refused left no route behind.
	p.Change("s3", engine.Props{"routeTableIds": []string{p.ID("public")}})
	p.Refused(p.Update("s3", engine.Props{"routeTableIds": []string{p.ID("elsewhere")}}), id, "InvalidParameter")
	if e := ec2.Endpoints.Get(p.Account.Account, p.ID("s3")); !slices.Equal(e.TableIDs, []string{p.ID("public")}) {
		t.Errorf("after a refused update the endpoint has the tables %v", e.TableIDs)
	}
	names := awstest.VPCNames("")
	p.Down(names[:len(names)-1]...)
	p.Refused(p.Delete("vpc"), "vpc-has-dependencies", "DependencyViolation", "endpoint "+p.ID("s3"))
	p.Down("s3", "vpc", "elsewhere", "other")
	p.Leftovers()
}

func TestTransitGateway(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.VPC("other-")
	hub(p)
	const id = "transit-gateway-attachment"
	p.Refuses("ec2-references-exist", "InvalidVpcID.NotFound", "vpc-0", awstest.TransitAttachment,
		attach(p, "", engine.Props{"vpcId": "vpc-0"}))
	p.Refuses("ec2-references-exist", "InvalidSubnetID.NotFound", "subnet-0", awstest.TransitAttachment,
		attach(p, "", engine.Props{"subnetIds": []string{"subnet-0"}}))
	p.Refuses(id, "DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ", awstest.TransitAttachment,
		attach(p, "", engine.Props{"subnetIds": []string{p.ID("private-a"), p.ID("public-a")}}))
	p.Refuses(id, "InvalidParameterValue", "does not belong to VPC", awstest.TransitAttachment,
		attach(p, "", engine.Props{"subnetIds": p.PrivateSubnets("other-")}))
	p.Up(awstest.TransitAttachment, "attachment", attach(p, "", nil))
	p.Refuses(id, "DuplicateTransitGatewayAttachment", "with same VPC ID", awstest.TransitAttachment, attach(p, "", nil))
	p.Up(awstest.Route, "route", toHub(p))
	if got := p.Depends("route", "attachment", world.Create); !slices.Contains(got, "route-needs-transit-gateway-attachment") {
		t.Errorf("the route depends on the attachment by %q", got)
	}
	p.Change("attachment", engine.Props{"subnetIds": []string{p.ID("private-c")}})
	enis := ec2.Interfaces.Where(p.Account.Account, func(e *ec2.NetworkInterface) bool { return e.Owner == p.ID("attachment") })
	if len(enis) != 1 || enis[0].SubnetID != p.ID("private-c") {
		t.Errorf("interfaces of the attachment: %d", len(enis))
	}
	p.Refused(p.Delete("private-c"), "subnet-has-interfaces", "DependencyViolation", "Network Interface for Transit Gateway Attachment")
	p.Down("route", "attachment")
	p.Down(awstest.VPCNames("")...)
	p.Down(awstest.VPCNames("other-")...)
	p.Leftovers()
}
