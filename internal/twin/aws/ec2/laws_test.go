package ec2_test

import (
	"fmt"
	"net/netip"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, networkLaws, gatewayLaws, routeLaws, groupLaws, flowLogLaws)
}

// in is a program with a whole VPC.
func in(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.VPC("")
		return program(p)
	}
}

// deleting deletes one part of a whole VPC.
func deleting(name string) func(p *awstest.Program) error {
	return in(func(p *awstest.Program) error { return p.Delete(name) })
}

// subnet is a program with a VPC and one subnet more.
func subnet(over engine.Props) func(p *awstest.Program) error {
	return in(func(p *awstest.Program) error {
		return p.Try(awstest.Subnet, "subnet", cloud.Merge(engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": "10.0.200.0/24"}, over))
	})
}

var networkLaws = []lawtest.Counterexample{
	awstest.Refuses("vpc-cidr-size", "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.", func(p *awstest.Program) error {
		return p.Try(awstest.VPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/8"})
	}),
	awstest.Refuses("ec2-references-exist", "InvalidVpcID.NotFound", "The vpc ID 'vpc-0' does not exist",
		subnet(engine.Props{"vpcId": "vpc-0"})),
	awstest.Refuses("subnet-within-vpc", "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid.",
		subnet(engine.Props{"cidrBlock": "10.1.0.0/24"})),
	awstest.Refuses("subnets-do-not-overlap", "InvalidSubnet.Conflict", "The CIDR '10.0.0.128/25' conflicts with another subnet",
		subnet(engine.Props{"cidrBlock": "10.0.0.128/25"})),
	awstest.Refuses("zone-exists", "InvalidParameterValue", "us-east-1a", subnet(engine.Props{"availabilityZone": "us-east-1a"})),
	awstest.Refuses("vpc-has-dependencies", "DependencyViolation", "has dependencies and cannot be deleted.", deleting("vpc")),
	awstest.Refuses("subnet-has-interfaces", "DependencyViolation", "Interface for NAT Gateway", deleting("public-a")),
	awstest.Warns("default-security-group", "has rules: adopt it as a DefaultSecurityGroup without any", func(p *awstest.Program) {
		p.BareVPC("closed", "10.0.0.0/16")
		p.Warnings()
		p.Up(awstest.VPC, "open", engine.Props{"cidrBlock": "10.0.0.0/16"})
	}),
	awstest.Warns("default-quotas", "6 VPCs: an account has a quota of 5", func(p *awstest.Program) {
		for i := range 6 {
			p.Warnings()
			p.BareVPC(fmt.Sprint("vpc", i), "10.0.0.0/16")
		}
	}),
	awstest.Refuses("launch-template-name", "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.",
		func(p *awstest.Program) error {
			p.Up(awstest.LaunchTemplate, "template", engine.Props{"name": "nodes"})
			return p.Try(awstest.LaunchTemplate, "other", engine.Props{"name": "nodes"})
		}),
}

var gatewayLaws = []lawtest.Counterexample{
	awstest.Refuses("one-internet-gateway-per-vpc", "InvalidParameterValue", "already has an internet gateway attached",
		in(func(p *awstest.Program) error {
			return p.Try(awstest.InternetGateway, "second", engine.Props{"vpcId": p.ID("vpc")})
		})),
	awstest.Refuses("internet-gateway-has-addresses", "DependencyViolation",
		"has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", deleting("igw")),
	awstest.Refuses("elastic-ip-in-use", "InvalidIPAddress.InUse", "is in use.", deleting("eip")),
	awstest.Refuses("nat-needs-internet-gateway", "Gateway.NotAttached", "has no Internet gateway attached", func(p *awstest.Program) error {
		p.Up(awstest.VPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16"})
		p.Up(awstest.Subnet, "subnet", engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": "10.0.0.0/24"})
		p.Up(awstest.ElasticIP, "eip", engine.Props{"domain": "vpc"})
		return p.Try(awstest.NATGateway, "nat", engine.Props{"subnetId": p.ID("subnet"), "allocationId": p.ID("eip")})
	}),
	awstest.Refuses("elastic-ip-once", "Resource.AlreadyAssociated", "is already associated", in(func(p *awstest.Program) error {
		return p.Try(awstest.NATGateway, "second", engine.Props{"subnetId": p.ID("public-c"), "allocationId": p.ID("eip")})
	})),
	awstest.Refuses("gateway-endpoint", "InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.s3' does not exist",
		in(func(p *awstest.Program) error {
			return p.Try(awstest.VPCEndpoint, "s3", s3(p, engine.Props{"serviceName": "com.amazonaws.us-east-1.s3"}))
		})),
	awstest.Refuses("transit-gateway-attachment", "InvalidTransitGatewayID.NotFound", "tgw-0 was deleted or does not exist",
		in(func(p *awstest.Program) error {
			return p.Try(awstest.TransitAttachment, "attachment", attach(p, "", engine.Props{"transitGatewayId": "tgw-0"}))
		})),
	// The second VPC of the same range is attached, and no route leads there.
	awstest.Warns("transit-gateway-overlap", "leads elsewhere for this range", func(p *awstest.Program) {
		ec2.AddTransitGateway(p.Account.Account, "tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
		for _, prefix := range []string{"", "other-"} {
			p.VPC(prefix)
			p.Warnings()
			p.Up(awstest.TransitAttachment, prefix+"attachment", attach(p, prefix, nil))
		}
	}),
}

func s3(p *awstest.Program, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"vpcId": p.ID("vpc"), "serviceName": "com.amazonaws.ap-northeast-2.s3",
		"routeTableIds": []string{p.ID("private")}}, over)
}

func attach(p *awstest.Program, prefix string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"transitGatewayId": "tgw-1", "vpcId": p.ID(prefix + "vpc"), "subnetIds": p.PrivateSubnets(prefix)}, over)
}

// toHub is a route to the transit gateway's network.
func toHub(p *awstest.Program) engine.Props {
	return engine.Props{"routeTableId": p.ID("private"), "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": "tgw-1"}
}

// bare creates a second VPC with a subnet and a route table.
func bare(p *awstest.Program) {
	p.Up(awstest.VPC, "bare", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.Up(awstest.Subnet, "bare-subnet", engine.Props{"vpcId": p.ID("bare"), "cidrBlock": "10.0.0.0/24"})
	p.Up(awstest.RouteTable, "bare-table", engine.Props{"vpcId": p.ID("bare")})
}

var routeLaws = []lawtest.Counterexample{
	awstest.Refuses("route-table-has-associations", "DependencyViolation", "has dependencies and cannot be deleted.", deleting("private")),
	awstest.Refuses("one-route-table-per-subnet", "Resource.AlreadyAssociated", "conflicts with an existing association",
		in(func(p *awstest.Program) error {
			return p.Try(awstest.RouteTableAssociation, "second", engine.Props{"subnetId": p.ID("public-a"), "routeTableId": p.ID("private")})
		})),
	awstest.Refuses("route-once", "RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.",
		in(func(p *awstest.Program) error {
			return p.Try(awstest.Route, "again",
				engine.Props{"routeTableId": p.ID("public"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": p.ID("igw")})
		})),
	awstest.Refuses("route-within-vpc", "InvalidParameterValue", "belong to different networks", in(func(p *awstest.Program) error {
		bare(p)
		return p.Try(awstest.Route, "elsewhere",
			engine.Props{"routeTableId": p.ID("bare-table"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": p.ID("nat")})
	})),
	awstest.Refuses("route-needs-transit-gateway-attachment", "InvalidTransitGatewayID.NotFound",
		"The transitGateway ID 'tgw-1' does not exist",
		in(func(p *awstest.Program) error {
			ec2.AddTransitGateway(p.Account.Account, "tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
			return p.Try(awstest.Route, "early", toHub(p))
		})),
	awstest.Refuses("nodes-need-egress", "", "no route to 0.0.0.0/0", in(func(p *awstest.Program) error {
		p.Down("private-out")
		_, err := ec2.Egress(p.Account.Account, p.ID("private-a"))
		return err
	})),
}

// groups creates two groups and a rule of the second that names the first.
func groups(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return in(func(p *awstest.Program) error {
		p.Up(awstest.SecurityGroup, "front", engine.Props{"vpcId": p.ID("vpc"), "name": "front", "revokeRulesOnDelete": true})
		p.Up(awstest.SecurityGroup, "back", engine.Props{"vpcId": p.ID("vpc"), "name": "back"})
		p.Up(awstest.SecurityGroupRule, "rule", fromFront(p))
		return program(p)
	})
}

func fromFront(p *awstest.Program) engine.Props {
	return engine.Props{"type": "ingress", "fromPort": 443, "toPort": 443, "protocol": "tcp", "securityGroupId": p.ID("back"),
		"sourceSecurityGroupId": p.ID("front")}
}

var groupLaws = []lawtest.Counterexample{
	awstest.Refuses("security-group-name", "InvalidGroup.Duplicate", "The security group 'front' already exists for VPC",
		groups(func(p *awstest.Program) error {
			return p.Try(awstest.SecurityGroup, "second", engine.Props{"vpcId": p.ID("vpc"), "name": "front"})
		})),
	awstest.Refuses("security-group-rule-once", "InvalidPermission.Duplicate", "already exists", groups(func(p *awstest.Program) error {
		return p.Try(awstest.SecurityGroupRule, "again", fromFront(p))
	})),
	awstest.Refuses("security-group-rule-peer", "InvalidPrefixListID.NotFound", "The prefix list ID 'pl-0' does not exist",
		groups(func(p *awstest.Program) error {
			return p.Try(awstest.IngressRule, "no-list", engine.Props{"securityGroupId": p.ID("back"), "ipProtocol": "-1", "prefixListId": "pl-0"})
		})),
	awstest.Refuses("security-group-in-use", "DependencyViolation", "has a dependent object (a rule of sg-",
		groups(func(p *awstest.Program) error {
			return p.Delete("front")
		})),
}

const mayWriteLogs = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
	"Action":["logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogGroups","logs:DescribeLogStreams"],
	"Resource":"arn:aws:logs:ap-northeast-2:123456789012:log-group:flows:*"}]}`

// flows creates a flow log with all that it needs, and returns its inputs.
func flows(p *awstest.Program, policy string) engine.Props {
	p.T.Helper()
	p.BareVPC("vpc", "10.0.0.0/16")
	p.Up(awstest.LogGroup, "group", engine.Props{"name": "flows"})
	p.Role("role", awstest.FlowLogsService)
	p.Up(awstest.RolePolicy, "policy", engine.Props{"role": p.ID("role"), "policy": policy})
	in := engine.Props{"vpcId": p.ID("vpc"), "iamRoleArn": p.Get("role", "arn"), "logDestination": p.Get("group", "arn"), "trafficType": "ALL"}
	p.Up(awstest.FlowLog, "flows", in)
	return in
}

var flowLogLaws = []lawtest.Counterexample{
	awstest.Refuses("flow-log", "FlowLogAlreadyExists", "There is an existing Flow Log", func(p *awstest.Program) error {
		return p.Try(awstest.FlowLog, "twice", flows(p, mayWriteLogs))
	}),
	awstest.Refuses("flow-log-conditions", "InvalidParameter", "Unable to assume given IAM role", func(p *awstest.Program) error {
		in := flows(p, mayWriteLogs)
		p.Up(awstest.Role, "guarded", engine.Props{"assumeRolePolicy": awstest.TrustIf(awstest.FlowLogsService,
			`{"StringEquals":{"aws:SourceAccount":"210987654321"}}`)})
		return p.Try(awstest.FlowLog, "guarded", cloud.Merge(in, engine.Props{"trafficType": "REJECT", "iamRoleArn": p.Get("guarded", "arn")}))
	}),
	awstest.Warns("flow-log-delivery", "delivers nothing: Access error", func(p *awstest.Program) {
		flows(p, awstest.Allowing("logs:CreateLogStream"))
	}),
	// A role that may create log groups creates the flow log's again.
	awstest.DependsBy("flow-log-group", "flows", "group", world.Delete, func(p *awstest.Program) {
		flows(p, awstest.Allowing("logs:*"))
		p.Down("flows")
	}),
}
