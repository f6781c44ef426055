// Package ec2 is the network of the account: VPCs and what is in them.
package ec2

import (
	"net/netip"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

// VPC is a virtual private cloud.
type VPC struct {
	cloud.Meta
	CIDR         netip.Prefix
	DNSSupport   bool
	DNSHostnames bool
	MainTableID  string
	DefaultGroup string
	DefaultACL   string
	DHCPOptions  string
}

// Subnet is a subnet of a VPC.
type Subnet struct {
	cloud.Meta
	VPCID       string
	CIDR        netip.Prefix
	Zone        string
	MapPublicIP bool
	TableID     string          // of the explicit association, empty: the main table
	TableBy     string          // the URN of the explicit association
	taken       map[string]bool // addresses in use
}

// RouteTable is a VPC's route table.
type RouteTable struct {
	cloud.Meta
	VPCID  string
	Main   bool
	Routes []Route // without the local one
}

// Route is one route of a table.
type Route struct {
	URN         string
	Destination string // a block or a prefix list
	GatewayID   string
	NATID       string
	TransitID   string
	Inline      bool
}

// SecurityGroup is a VPC's security group.
type SecurityGroup struct {
	cloud.Meta
	VPCID       string
	Description string
	Rules       []GroupRule
	Default     bool   // of its VPC
	Owner       string // the EKS cluster that it was created for, empty for a program's
}

// GroupRule is one rule of a security group.
type GroupRule struct {
	ID       string
	URN      string
	Egress   bool
	Protocol string // "-1", "tcp", ...
	From, To int
	Peer     string // a block, a prefix list or a group
	Inline   bool
	resource string // the id of the program's rule resource
	tags     map[string]string
}

// NetworkInterface is an ENI. Those of AWS services have a Description of their own.
type NetworkInterface struct {
	cloud.Meta
	VPCID       string
	SubnetID    string
	PrivateIP   string
	PublicIP    string
	GroupIDs    []string
	Description string
	Owner       string // the cluster, node group or NAT gateway that it belongs to
}

var lawExists = law.New(law.References, "ec2-references-exist",
	"Every VPC, subnet, gateway, address, route table, security group and prefix list that a request names must exist in its Region.",
	"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html")

func missing(code, format string) cloud.Missing {
	return cloud.Missing{Law: lawExists, Code: code, Format: format}
}

// The tables that most of the package's resource types refer to, by id.
var (
	VPCs        = cloud.NewTable[*VPC]("ec2 vpc", missing("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist"))
	Subnets     = cloud.NewTable[*Subnet]("ec2 subnet", missing("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist"))
	RouteTables = cloud.NewTable[*RouteTable]("ec2 route table",
		missing("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist"))
	Groups = cloud.NewTable[*SecurityGroup]("ec2 security group",
		missing("InvalidGroup.NotFound", "The security group '%s' does not exist"))
	Interfaces = cloud.NewTable[*NetworkInterface]("ec2 network interface",
		missing("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist"))
)
