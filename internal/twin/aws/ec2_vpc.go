package aws

import (
	"net/netip"
	"slices"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawVPCRange = law.New(law.References, "vpc-cidr-size",
		"A VPC's IPv4 block is between /16 and /28.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html")
	lawVPCDeletion = law.New(law.Deletion, "vpc-has-dependencies",
		"A VPC with subnets, security groups of its own, gateways, route tables, endpoints, network interfaces or a service network association cannot be deleted.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html")
)

var vpcKind = &kind{
	token:    "aws:ec2/vpc:Vpc",
	forceNew: []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"},
	defaults: engine.Props{"enableDnsSupport": true, "instanceTenancy": "default"},
	check:    func(c *checker) { c.cidr("cidrBlock") },
	create:   createVPC,
	update: func(r *request) error {
		v := r.ec2.vpcs[r.id]
		v.Tags, v.DNSSupport, v.DNSHostnames = r.tags(), r.flag("enableDnsSupport"), r.flag("enableDnsHostnames")
		return nil
	},
	remove:  deleteVPC,
	outputs: vpcOutputs,
}

// cidr refuses what is no network, as the Terraform provider's validation does.
func (c *checker) cidr(property string) {
	s, ok := c.known(property)
	if !ok {
		return
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		c.fail(property, "%q is not a valid CIDR block: invalid CIDR address: %s", s, s)
	case p != p.Masked():
		c.fail(property, "%q is not a valid CIDR block; did you mean %q?", s, p.Masked())
	}
}

func createVPC(r *request) (string, error) {
	cidr, err := netip.ParsePrefix(r.str("cidrBlock"))
	if err != nil {
		return "", lawVPCRange.Refuse("MissingParameter", "The request must contain the parameter cidrBlock")
	}
	if cidr.Bits() < 16 || cidr.Bits() > 28 {
		return "", lawVPCRange.Refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", cidr)
	}
	id := r.newID("vpc")
	v := &VPC{
		Meta: r.meta(id, r.arn("ec2", r.region, r.ID, "vpc/"+id), ""),
		CIDR: cidr, DNSSupport: r.flag("enableDnsSupport"), DNSHostnames: r.flag("enableDnsHostnames"),
		MainTableID: r.newID("rtb"), DefaultGroup: r.newID("sg"), DefaultACL: r.newID("acl"), DHCPOptions: "dopt-0a1b2c3d4e5f60718",
	}
	r.ec2.vpcs[id] = v
	main := &RouteTable{Meta: Meta{ID: v.MainTableID, Region: r.region}, VPCID: id, Main: true}
	main.ARN = r.arn("ec2", r.region, r.ID, "route-table/"+main.ID)
	r.ec2.tables[main.ID] = main
	def := &SecurityGroup{Meta: Meta{ID: v.DefaultGroup, Name: "default", Region: r.region}, VPCID: id, Description: "default VPC security group"}
	def.ARN = r.arn("ec2", r.region, r.ID, "security-group/"+def.ID)
	r.ec2.groups[def.ID] = def
	return id, nil
}

func vpcOutputs(r *request) engine.Props {
	v := r.ec2.vpcs[r.id]
	if v == nil {
		return nil
	}
	return engine.Props{
		"arn": v.ARN, "cidrBlock": v.CIDR.String(), "ownerId": r.ID,
		"defaultNetworkAclId": v.DefaultACL, "defaultRouteTableId": v.MainTableID, "mainRouteTableId": v.MainTableID,
		"defaultSecurityGroupId": v.DefaultGroup, "dhcpOptionsId": v.DHCPOptions,
		"enableDnsHostnames": v.DNSHostnames, "enableDnsSupport": v.DNSSupport,
		"enableNetworkAddressUsageMetrics": false, "assignGeneratedIpv6CidrBlock": false,
		"ipv6AssociationId": "", "ipv6CidrBlock": "", "ipv6CidrBlockNetworkBorderGroup": "", "tagsAll": v.tagsAll(),
	}
}

func deleteVPC(r *request) error {
	v := r.ec2.vpcs[r.id]
	if reasons := r.vpcDependencies(v); len(reasons) > 0 {
		return lawVPCDeletion.Refuse("DependencyViolation",
			"The vpc '%s' has dependencies and cannot be deleted. (%s)", v.ID, joined(reasons))
	}
	delete(r.ec2.groups, v.DefaultGroup)
	delete(r.ec2.tables, v.MainTableID)
	delete(r.ec2.vpcs, v.ID)
	return nil
}

// vpcDependencies lists what keeps a VPC from being deleted. AWS does not say
// which, the twin does.
func (a *Account) vpcDependencies(v *VPC) []string {
	var out []string
	for _, s := range sorted(a.ec2.subnets) {
		if s.VPCID == v.ID {
			out = append(out, "subnet "+s.ID)
		}
	}
	for _, g := range sorted(a.ec2.groups) {
		if g.VPCID == v.ID && g.ID != v.DefaultGroup {
			out = append(out, "security group "+g.ID+" "+g.Name)
		}
	}
	for _, g := range sorted(a.ec2.gateways) {
		if g.VPCID == v.ID {
			out = append(out, "internet gateway "+g.ID)
		}
	}
	for _, t := range sorted(a.ec2.tables) {
		if t.VPCID == v.ID && !t.Main {
			out = append(out, "route table "+t.ID)
		}
	}
	for _, e := range sorted(a.ec2.endpoints) {
		if e.VPCID == v.ID {
			out = append(out, "endpoint "+e.ID+" "+e.Service)
		}
	}
	for _, e := range a.enisWhere(func(e *NetworkInterface) bool { return e.VPCID == v.ID }) {
		out = append(out, "network interface "+e.ID+" "+e.Description)
	}
	for _, assoc := range sorted(a.net.vpcs) {
		if assoc.VPCID == v.ID {
			out = append(out, "service network association "+assoc.ID)
		}
	}
	return out
}

var (
	lawSubnetRange = law.New(law.References, "subnet-within-vpc",
		"A subnet's block is between /16 and /28 and lies within its VPC's.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html")
	lawSubnetOverlap = law.New(law.References, "subnets-do-not-overlap",
		"The blocks of a VPC's subnets do not overlap.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html")
	lawZoneExists = law.New(law.References, "zone-exists",
		"A subnet's availability zone is one of its region's.", zonesFromSource)
	lawSubnetDeletion = law.New(law.Deletion, "subnet-has-interfaces",
		"A subnet with network interfaces (of NAT gateways, clusters, nodes or left behind by the VPC CNI) cannot be deleted.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html")
)

var subnetKind = &kind{
	token:    "aws:ec2/subnet:Subnet",
	required: []string{"vpcId"},
	forceNew: []string{"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn", "ipv6Native"},
	defaults: engine.Props{"mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false},
	check:    func(c *checker) { c.cidr("cidrBlock") },
	create:   createSubnet,
	update: func(r *request) error {
		s := r.ec2.subnets[r.id]
		s.Tags, s.MapPublicIP = r.tags(), r.flag("mapPublicIpOnLaunch")
		return nil
	},
	remove: func(r *request) error {
		s := r.ec2.subnets[r.id]
		if enis := r.enisWhere(func(e *NetworkInterface) bool { return e.SubnetID == s.ID }); len(enis) > 0 {
			return lawSubnetDeletion.Refuse("DependencyViolation",
				"The subnet '%s' has dependencies and cannot be deleted. (network interface %s %s)", s.ID, enis[0].ID, enis[0].Description)
		}
		delete(r.ec2.subnets, s.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		s := r.ec2.subnets[r.id]
		if s == nil {
			return nil
		}
		return engine.Props{
			"arn": s.ARN, "ownerId": r.ID, "vpcId": s.VPCID, "cidrBlock": s.CIDR.String(), "tagsAll": s.tagsAll(), "availabilityZone": s.Zone, "availabilityZoneId": zoneID(s.Zone),
			"mapPublicIpOnLaunch": s.MapPublicIP, "privateDnsHostnameTypeOnLaunch": "ip-name",
			"ipv6CidrBlockAssociationId": "", "enableDns64": false,
			"enableResourceNameDnsARecordOnLaunch": false, "enableResourceNameDnsAaaaRecordOnLaunch": false,
		}
	},
}

func createSubnet(r *request) (string, error) {
	v, err := r.vpc(r.str("vpcId"))
	if err != nil {
		return "", err
	}
	cidr, err := netip.ParsePrefix(r.str("cidrBlock"))
	if err != nil {
		return "", lawSubnetRange.Refuse("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
	}
	if cidr.Bits() < 16 || cidr.Bits() > 28 || !v.CIDR.Contains(cidr.Addr()) || cidr.Bits() < v.CIDR.Bits() {
		return "", lawSubnetRange.Refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, other := range sorted(r.ec2.subnets) {
		if other.VPCID == v.ID && other.CIDR.Overlaps(cidr) {
			return "", lawSubnetOverlap.Refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	zone := r.str("availabilityZone")
	for _, z := range zones(r.region) {
		if zone == "" && (r.str("availabilityZoneId") == "" || r.str("availabilityZoneId") == zoneID(z)) {
			zone = z
		}
	}
	if !slices.Contains(zones(r.region), zone) {
		return "", lawZoneExists.Refuse("InvalidParameterValue",
			"Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			zone, joined(zones(r.region)))
	}
	id := r.newID("subnet")
	r.ec2.subnets[id] = &Subnet{
		Meta:  r.meta(id, r.arn("ec2", r.region, r.ID, "subnet/"+id), ""),
		VPCID: v.ID, CIDR: cidr, Zone: zone, MapPublicIP: r.flag("mapPublicIpOnLaunch"),
		taken: map[string]bool{},
	}
	return id, nil
}
