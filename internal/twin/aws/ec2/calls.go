package ec2

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
)

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service/ec2
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html

// creating is a call that creates something, with its tags in the same call.
func creating(action, kind string, from ...cloud.On) []cloud.Call {
	fresh := cloud.Fresh("ec2", kind)
	return []cloud.Call{cloud.Does("ec2:"+action, append([]cloud.On{fresh}, from...)...), tagging(action, fresh)}
}

// tagging is the permission that AWS wants for tags that a creating call gives.
func tagging(action string, fresh ...cloud.On) cloud.Call {
	return cloud.Does("ec2:CreateTags", fresh...).Tagging().
		With(func(*cloud.Request) iam.Context { return iam.Context{"ec2:createaction": {action}} })
}

// retagging are the calls of an update that changes tags, and others.
func retagging(self cloud.On, others ...cloud.Call) []cloud.Call {
	return append(others, cloud.Does("ec2:CreateTags", self).Retagging(), cloud.Does("ec2:DeleteTags", self).Untagging())
}

// own are calls that act on the resource itself.
func own(self cloud.On, actions ...string) []cloud.Call { return cloud.Each(self, actions...) }

var (
	vpc, subnet, gateway, nat = cloud.Self(VPCs), cloud.Self(Subnets), cloud.Self(InternetGateways), cloud.Self(NATGateways)
	address, table, endpoint  = cloud.Self(ElasticIPs), cloud.Self(RouteTables), cloud.Self(Endpoints)
	template, attachment      = cloud.Self(LaunchTemplates), cloud.Self(TransitAttachments)
	inVPC, ofTable, ofSubnets = cloud.Of(VPCs, "vpcId"), cloud.Of(RouteTables, "routeTableId"), cloud.Of(Subnets, "subnetIds")
	ofSubnet                  = cloud.Of(Subnets, "subnetId")
)

var (
	_ = cloud.DefineCalls("aws:ec2/vpc:Vpc", cloud.Calls{
		Create:  creating("CreateVpc", "vpc"),
		Created: own(vpc, "ec2:ModifyVpcAttribute"),
		Read: append(cloud.Reads("ec2:DescribeVpcs", "ec2:DescribeNetworkAcls", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups"),
			cloud.Does("ec2:DescribeVpcAttribute", vpc)),
		Update: retagging(vpc, cloud.Does("ec2:ModifyVpcAttribute", vpc).Changing("enableDnsSupport", "enableDnsHostnames")),
		Delete: own(vpc, "ec2:DeleteVpc"),
	})
	_ = cloud.DefineCalls("aws:ec2/subnet:Subnet", cloud.Calls{
		Create:  creating("CreateSubnet", "subnet", inVPC),
		Created: []cloud.Call{cloud.Does("ec2:ModifySubnetAttribute", subnet).Having("mapPublicIpOnLaunch")},
		Read:    cloud.Reads("ec2:DescribeSubnets"),
		Update:  retagging(subnet, cloud.Does("ec2:ModifySubnetAttribute", subnet).Changing("mapPublicIpOnLaunch")),
		Delete:  append(cloud.Reads("ec2:DescribeNetworkInterfaces"), cloud.Does("ec2:DeleteSubnet", subnet)),
	})
	_ = cloud.DefineCalls("aws:ec2/internetGateway:InternetGateway", cloud.Calls{
		Create:  creating("CreateInternetGateway", "internet-gateway"),
		Created: []cloud.Call{cloud.Does("ec2:AttachInternetGateway", gateway, inVPC).Having("vpcId")},
		Read:    cloud.Reads("ec2:DescribeInternetGateways"),
		Update: retagging(gateway, cloud.Does("ec2:DetachInternetGateway", gateway).Changing("vpcId"),
			cloud.Does("ec2:AttachInternetGateway", gateway, inVPC).Changing("vpcId")),
		Delete: []cloud.Call{
			cloud.Does("ec2:DetachInternetGateway", gateway, inVPC).Having("vpcId"),
			cloud.Does("ec2:DeleteInternetGateway", gateway),
		},
	})
	_ = cloud.DefineCalls("aws:ec2/eip:Eip", cloud.Calls{
		Create: creating("AllocateAddress", "elastic-ip"),
		Read:   cloud.Reads("ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute"),
		Update: retagging(address),
		Delete: own(address, "ec2:ReleaseAddress"),
	})
	_ = cloud.DefineCalls("aws:ec2/natGateway:NatGateway", cloud.Calls{
		Create: creating("CreateNatGateway", "natgateway", ofSubnet, cloud.Of(ElasticIPs, "allocationId")),
		Read:   cloud.Reads("ec2:DescribeNatGateways"),
		Update: retagging(nat),
		Delete: own(nat, "ec2:DeleteNatGateway"),
	})
	_ = cloud.DefineCalls("aws:ec2/launchTemplate:LaunchTemplate", cloud.Calls{
		Create: creating("CreateLaunchTemplate", "launch-template"),
		Read:   cloud.Reads("ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"),
		Update: retagging(template,
			cloud.Does("ec2:CreateLaunchTemplateVersion", template).When(newVersion),
			cloud.Does("ec2:ModifyLaunchTemplate", template).When(newVersion)),
		Delete: own(template, "ec2:DeleteLaunchTemplate"),
	})
	_ = cloud.DefineCalls("aws:ec2/vpcEndpoint:VpcEndpoint", cloud.Calls{
		Create: creating("CreateVpcEndpoint", "vpc-endpoint", inVPC, cloud.Of(RouteTables, "routeTableIds")),
		Read:   cloud.Reads("ec2:DescribeVpcEndpoints", "ec2:DescribePrefixLists"),
		Update: retagging(endpoint,
			cloud.Does("ec2:ModifyVpcEndpoint", endpoint, cloud.Of(RouteTables, "routeTableIds")).Changing("routeTableIds", "policy")),
		Delete: own(endpoint, "ec2:DeleteVpcEndpoints"),
	})
	_ = cloud.DefineCalls("aws:ec2transitgateway/vpcAttachment:VpcAttachment", cloud.Calls{
		Create: append(creating("CreateTransitGatewayVpcAttachment", "transit-gateway-attachment", inVPC, ofSubnets, transitGateway),
			roles.ServiceLinked("transitgateway.amazonaws.com", "AWSServiceRoleForVPCTransitGateway")),
		Read: cloud.Reads("ec2:DescribeTransitGatewayVpcAttachments", "ec2:DescribeTransitGateways"),
		Update: retagging(attachment,
			cloud.Does("ec2:ModifyTransitGatewayVpcAttachment", attachment, ofSubnets).Changing("subnetIds")),
		Delete: own(attachment, "ec2:DeleteTransitGatewayVpcAttachment"),
	})
	_ = cloud.DefineCalls("aws:ec2/flowLog:FlowLog", cloud.Calls{
		Create: append(creating("CreateFlowLogs", "vpc-flow-log", inVPC, ofSubnet, cloud.Of(Interfaces, "eniId")),
			roles.Passing("iamRoleArn", flowLogsService)),
		Read:   cloud.Reads("ec2:DescribeFlowLogs"),
		Update: retagging(cloud.Self(FlowLogs)),
		Delete: own(cloud.Self(FlowLogs), "ec2:DeleteFlowLogs"),
	})
)

// Route tables and their parts.
var (
	_ = cloud.DefineCalls("aws:ec2/routeTable:RouteTable", cloud.Calls{
		Create:  creating("CreateRouteTable", "route-table", inVPC),
		Created: []cloud.Call{cloud.Does("ec2:CreateRoute", table).When(func(r *cloud.Request) bool { return len(r.Objs("routes")) > 0 })},
		Read:    cloud.Reads("ec2:DescribeRouteTables"),
		Update: retagging(table, cloud.Does("ec2:CreateRoute", table).Changing("routes"),
			cloud.Does("ec2:ReplaceRoute", table).Changing("routes"), cloud.Does("ec2:DeleteRoute", table).Changing("routes")),
		Delete: own(table, "ec2:DeleteRouteTable"),
	})
	_ = cloud.DefineCalls("aws:ec2/route:Route", cloud.Calls{
		Create: own(ofTable, "ec2:CreateRoute"),
		Read:   cloud.Reads("ec2:DescribeRouteTables"),
		Update: own(ofTable, "ec2:ReplaceRoute"),
		Delete: own(ofTable, "ec2:DeleteRoute"),
	})
	_ = cloud.DefineCalls("aws:ec2/routeTableAssociation:RouteTableAssociation", cloud.Calls{
		Create: []cloud.Call{cloud.Does("ec2:AssociateRouteTable", ofTable, ofSubnet)},
		Read:   cloud.Reads("ec2:DescribeRouteTables"),
		Update: []cloud.Call{cloud.Does("ec2:ReplaceRouteTableAssociation", ofTable, ofSubnet)},
		Delete: []cloud.Call{cloud.Does("ec2:DisassociateRouteTable", ofTable, ofSubnet)},
	})
)

// The lookups.
var (
	_ = cloud.DefineCalls("aws:index/getAvailabilityZones:getAvailabilityZones", cloud.Calls{
		Read: cloud.Reads("ec2:DescribeAvailabilityZones"),
	})
	_ = cloud.DefineCalls("aws:ec2/getManagedPrefixList:getManagedPrefixList", cloud.Calls{
		Read: append(cloud.Reads("ec2:DescribeManagedPrefixLists"), cloud.Does("ec2:GetManagedPrefixListEntries", ofAWS)),
	})
	_ = cloud.DefineCalls("aws:ec2/getSubnet:getSubnet", cloud.Calls{Read: cloud.Reads("ec2:DescribeSubnets")})
	_ = cloud.DefineCalls("aws:ec2/getVpc:getVpc", cloud.Calls{
		Read: append(cloud.Reads("ec2:DescribeVpcs", "ec2:DescribeRouteTables"), cloud.Does("ec2:DescribeVpcAttribute", vpc)),
	})
)

// transitGateway is the gateway of an attachment, which is somebody else's.
func transitGateway(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.ARN("ec2", "transit-gateway/"+r.Str("transitGatewayId"))}}
}

// ofAWS is a prefix list of AWS's account.
func ofAWS(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.Account.ARN("ec2", r.Region, "aws", "prefix-list/*")}}
}

// newVersion reports whether an update of a launch template makes a version.
func newVersion(r *cloud.Request) bool {
	return cloud.Differs(r.Old, r.In, "tags", "tagsAll", "updateDefaultVersion", "defaultVersion")
}

// Group is a security group with the tags that AWS sees in a permission.
func Group(a *cloud.Account, id string) []cloud.Target {
	g := Groups.Get(a, id)
	if g == nil {
		return nil
	}
	return []cloud.Target{cloud.Existing(g.Info())}
}

// LaunchTags are the tags that a launch template gives to resources of a kind.
func (t *LaunchTemplate) LaunchTags(kind string) map[string]string {
	tags := map[string]string{}
	specs := cloud.Objects(t.Versions[len(t.Versions)-1]["tagSpecifications"])
	at := slices.IndexFunc(specs, func(s map[string]any) bool { return cloud.Text(s["resourceType"]) == kind })
	if at >= 0 {
		for key, value := range cloud.Object(specs[at]["tags"]) {
			tags[key] = cloud.Text(value)
		}
	}
	return tags
}
