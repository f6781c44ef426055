package ec2

import (
	"net/netip"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawVPCRange = law.New(law.References, "vpc-cidr-size",
		"A VPC's IPv4 block is between /16 and /28.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html")
	lawVPCDeletion = law.New(law.Deletion, "vpc-has-dependencies",
		"A VPC with subnets, security groups of its own, gateways, route tables, endpoints, network interfaces "+
			"or a service network association cannot be deleted.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html")
)

// VPCInUse is the refusal of a VPC's deletion. AWS does not say what uses it, the
// twin does.
var VPCInUse = cloud.InUse{Law: lawVPCDeletion, Code: "DependencyViolation",
	Format: "The vpc '%[1]s' has dependencies and cannot be deleted. (%[2]s)"}

var (
	_ = cloud.Use(Subnets, VPCs, VPCInUse, func(s *Subnet) []string { return []string{s.VPCID} },
		func(s *Subnet) string { return "subnet " + s.ID })
	_ = cloud.Use(Groups, VPCs, VPCInUse, func(g *SecurityGroup) []string { return unless(g.Default, g.VPCID) },
		func(g *SecurityGroup) string { return "security group " + g.ID + " " + g.Name })
	_ = cloud.Use(RouteTables, VPCs, VPCInUse, func(t *RouteTable) []string { return unless(t.Main, t.VPCID) },
		func(t *RouteTable) string { return "route table " + t.ID })
	_ = cloud.Use(Interfaces, VPCs, VPCInUse, func(e *NetworkInterface) []string { return []string{e.VPCID} }, describe)
)

func unless(not bool, id string) []string {
	if not {
		return nil
	}
	return []string{id}
}

func describe(e *NetworkInterface) string { return "network interface " + e.ID + " " + e.Description }

var _ = cloud.DefineType(cloud.Type[*VPC]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/vpc:Vpc",
		ForceNew: []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"},
		Defaults: engine.Props{"enableDnsSupport": true, "instanceTenancy": "default"},
		Takes:    cloud.Durations{Create: 12 * time.Second},
		Check:    func(c *cloud.Checker) { c.CIDR("cidrBlock") },
	},
	Table:  VPCs,
	Create: createVPC,
	Update: func(r *cloud.Request, v *VPC) error {
		v.DNSSupport, v.DNSHostnames = r.Flag("enableDnsSupport"), r.Flag("enableDnsHostnames")
		return nil
	},
	Delete: func(r *cloud.Request, v *VPC) error {
		Groups.Delete(r.Account, v.DefaultGroup)
		RouteTables.Delete(r.Account, v.MainTableID)
		VPCs.Delete(r.Account, v.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, v *VPC) engine.Props {
		return engine.Props{
			"arn": v.ARN, "cidrBlock": v.CIDR.String(), "ownerId": r.Account.ID,
			"defaultNetworkAclId": v.DefaultACL, "defaultRouteTableId": v.MainTableID, "mainRouteTableId": v.MainTableID,
			"defaultSecurityGroupId": v.DefaultGroup, "dhcpOptionsId": v.DHCPOptions,
			"enableDnsHostnames": v.DNSHostnames, "enableDnsSupport": v.DNSSupport,
			"enableNetworkAddressUsageMetrics": false, "assignGeneratedIpv6CidrBlock": false,
			"ipv6AssociationId": "", "ipv6CidrBlock": "", "ipv6CidrBlockNetworkBorderGroup": "",
		}
	},
})

func createVPC(r *cloud.Request) (*VPC, error) {
	cidr, err := netip.ParsePrefix(r.Str("cidrBlock"))
	if err != nil {
		return nil, lawVPCRange.Refuse("MissingParameter", "The request must contain the parameter cidrBlock")
	}
	if cidr.Bits() < 16 || cidr.Bits() > 28 {
		return nil, lawVPCRange.Refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", cidr)
	}
	v := &VPC{
		Meta: r.Identified("vpc", "ec2", "vpc", ""),
		CIDR: cidr, DNSSupport: r.Flag("enableDnsSupport"), DNSHostnames: r.Flag("enableDnsHostnames"),
		MainTableID: r.NewID("rtb"), DefaultGroup: r.NewID("sg"), DefaultACL: r.NewID("acl"), DHCPOptions: "dopt-0a1b2c3d4e5f60718",
	}
	RouteTables.Put(r.Account, &RouteTable{VPCID: v.ID, Main: true,
		Meta: cloud.Meta{ID: v.MainTableID, ARN: r.ARN("ec2", "route-table/"+v.MainTableID), Region: r.Region}})
	Groups.Put(r.Account, &SecurityGroup{VPCID: v.ID, Default: true, Description: "default VPC security group",
		Rules: []GroupRule{
			{Protocol: "-1", From: -1, To: -1, Peer: v.DefaultGroup},
			{Protocol: "-1", From: -1, To: -1, Peer: "0.0.0.0/0", Egress: true},
		},
		Meta: cloud.Meta{ID: v.DefaultGroup, ARN: r.ARN("ec2", "security-group/"+v.DefaultGroup), Name: "default", Region: r.Region}})
	return v, nil
}

var _ = cloud.DefineFunction("aws:ec2/getVpc:getVpc", func(r *cloud.Request) (engine.Props, error) {
	v, err := VPCs.Find(r, r.Str("id"))
	if err != nil {
		return nil, err
	}
	return engine.Props{"id": v.ID, "arn": v.ARN, "cidrBlock": v.CIDR.String(), "default": false, "enableDnsHostnames": v.DNSHostnames,
		"enableDnsSupport": v.DNSSupport, "mainRouteTableId": v.MainTableID, "ownerId": r.Account.ID, "state": "available", "tags": v.Tags}, nil
})
