package aws

import (
	"net/netip"
	"slices"

	"eks-lattice/internal/twin/law"
)

// ec2State is what EC2 keeps.
type ec2State struct {
	vpcs     map[string]*VPC
	subnets  map[string]*Subnet
	gateways map[string]*InternetGateway
	eips     map[string]*ElasticIP
	nats     map[string]*NATGateway
	tables   map[string]*RouteTable
	groups   map[string]*SecurityGroup
	enis     map[string]*NetworkInterface

	templates map[string]*LaunchTemplate
	endpoints map[string]*VPCEndpoint
	flowLogs  map[string]*FlowLog

	transits    map[string]*TransitGateway
	attachments map[string]*TransitAttachment
}

func newEC2() ec2State {
	return ec2State{
		vpcs:     map[string]*VPC{},
		subnets:  map[string]*Subnet{},
		gateways: map[string]*InternetGateway{},
		eips:     map[string]*ElasticIP{},
		nats:     map[string]*NATGateway{},
		tables:   map[string]*RouteTable{},
		groups:   map[string]*SecurityGroup{},
		enis:     map[string]*NetworkInterface{},

		templates: map[string]*LaunchTemplate{},
		endpoints: map[string]*VPCEndpoint{},
		flowLogs:  map[string]*FlowLog{},

		transits:    map[string]*TransitGateway{},
		attachments: map[string]*TransitAttachment{},
	}
}

// VPC is a virtual private cloud.
type VPC struct {
	Meta
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
	Meta
	VPCID       string
	CIDR        netip.Prefix
	Zone        string
	MapPublicIP bool
	TableID     string          // of the explicit association, empty: the main table
	TableBy     string          // the URN of the explicit association
	taken       map[string]bool // addresses in use
}

// NetworkInterface is an ENI. What AWS services make has a Description of its own.
type NetworkInterface struct {
	Meta
	VPCID       string
	SubnetID    string
	PrivateIP   string
	PublicIP    string
	GroupIDs    []string
	Description string
	Owner       string // the cluster, node group or NAT gateway that it belongs to
}

const zonesFromSource = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html"

// zoneLetters are those of the regions that have other zones than a, b and c:
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
var zoneLetters = map[string]string{
	"ap-northeast-1": "acd", "ap-northeast-2": "abcd", "ca-central-1": "abd", "us-east-1": "abcdef", "us-west-1": "ac", "us-west-2": "abcd",
}

// zones returns the availability zones of a region.
func zones(region string) []string {
	letters := zoneLetters[region]
	if letters == "" {
		letters = "abc"
	}
	out := make([]string, 0, len(letters))
	for _, l := range letters {
		out = append(out, region+string(l))
	}
	return out
}

// addENI makes a network interface in a subnet with the next free address.
func (r *request) addENI(s *Subnet, groups []string, description, owner string) *NetworkInterface {
	eni := &NetworkInterface{
		Meta: r.meta(r.newID("eni"), "", ""), VPCID: s.VPCID, SubnetID: s.ID, PrivateIP: s.takeIP(),
		GroupIDs: groups, Description: description, Owner: owner,
	}
	eni.ARN = r.arn("ec2", r.region, r.ID, "network-interface/"+eni.ID)
	r.ec2.enis[eni.ID] = eni
	return eni
}

// takeIP hands out the lowest free address of a subnet; AWS keeps the first four
// and the last. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (s *Subnet) takeIP() string {
	addr := s.CIDR.Addr()
	for range 4 {
		addr = addr.Next()
	}
	for s.CIDR.Contains(addr.Next()) {
		if ip := addr.String(); !s.taken[ip] {
			s.taken[ip] = true
			return ip
		}
		addr = addr.Next()
	}
	return ""
}

// free counts the addresses that takeIP can still hand out.
func (s *Subnet) free() int { return 1<<(32-s.CIDR.Bits()) - 5 - len(s.taken) }

// dropENIs removes the network interfaces of an owner that match.
func (a *Account) dropENIs(owner string, match func(*NetworkInterface) bool) {
	for _, eni := range sorted(a.ec2.enis) {
		if eni.Owner == owner && (match == nil || match(eni)) {
			delete(a.ec2.enis, eni.ID)
			if s := a.ec2.subnets[eni.SubnetID]; s != nil {
				delete(s.taken, eni.PrivateIP)
			}
		}
	}
}

// enisWhere returns network interfaces by id.
func (a *Account) enisWhere(match func(*NetworkInterface) bool) []*NetworkInterface {
	return slices.DeleteFunc(sorted(a.ec2.enis), func(e *NetworkInterface) bool { return !match(e) })
}

var lawExists = law.New(law.References, "ec2-references-exist",
	"Every VPC, subnet, gateway, address, route table, security group and prefix list that a request names must exist in its region.",
	"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html")

func (r *request) vpc(id string) (*VPC, error) {
	if v := r.ec2.vpcs[id]; v != nil && v.Region == r.region {
		return v, nil
	}
	return nil, lawExists.Refuse("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
}

func (r *request) subnet(id string) (*Subnet, error) {
	if s := r.ec2.subnets[id]; s != nil && s.Region == r.region {
		return s, nil
	}
	return nil, lawExists.Refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
}

func (r *request) group(id string) (*SecurityGroup, error) {
	if g := r.ec2.groups[id]; g != nil && g.Region == r.region {
		return g, nil
	}
	return nil, lawExists.Refuse("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

func (r *request) table(id string) (*RouteTable, error) {
	if t := r.ec2.tables[id]; t != nil && t.Region == r.region {
		return t, nil
	}
	return nil, lawExists.Refuse("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", id)
}
