package ec2

import (
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawSubnetRange = law.New(law.References, "subnet-within-vpc",
		"A subnet's block is between /16 and /28 and lies within its VPC's.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html")
	lawSubnetOverlap = law.New(law.References, "subnets-do-not-overlap",
		"The blocks of a VPC's subnets do not overlap.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html")
	lawZoneExists = law.New(law.References, "zone-exists",
		"A subnet's availability zone is one of its Region's.",
		"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html")
	lawSubnetDeletion = law.New(law.Deletion, "subnet-has-interfaces",
		"A subnet with network interfaces (of NAT gateways, clusters, nodes or left behind by the VPC CNI) cannot be deleted.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html")
)

var _ = cloud.Use(Interfaces, Subnets, cloud.InUse{Law: lawSubnetDeletion, Code: "DependencyViolation",
	Format: "The subnet '%[1]s' has dependencies and cannot be deleted. (%[2]s)",
}, func(e *NetworkInterface) []string { return []string{e.SubnetID} }, describe)

var _ = cloud.DefineType(cloud.Type[*Subnet]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/subnet:Subnet",
		Required: []string{"vpcId"},
		ForceNew: []string{"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn", "ipv6Native"},
		Defaults: engine.Props{"mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false},
		Refers:   []cloud.Reference{{Property: "vpcId", To: VPCs}},
		Check:    func(c *cloud.Checker) { c.CIDR("cidrBlock") },
	},
	Table:  Subnets,
	Create: createSubnet,
	Update: func(r *cloud.Request, s *Subnet) error {
		s.MapPublicIP = r.Flag("mapPublicIpOnLaunch")
		return nil
	},
	Outputs: func(r *cloud.Request, s *Subnet) engine.Props {
		return engine.Props{
			"arn": s.ARN, "ownerId": r.Account.ID, "vpcId": s.VPCID, "cidrBlock": s.CIDR.String(),
			"availabilityZone": s.Zone, "availabilityZoneId": ZoneID(s.Zone),
			"mapPublicIpOnLaunch": s.MapPublicIP, "privateDnsHostnameTypeOnLaunch": "ip-name",
			"ipv6CidrBlockAssociationId": "", "enableDns64": false,
			"enableResourceNameDnsARecordOnLaunch": false, "enableResourceNameDnsAaaaRecordOnLaunch": false,
		}
	},
})

func createSubnet(r *cloud.Request) (*Subnet, error) {
	v := VPCs.Get(r.Account, r.Str("vpcId"))
	cidr, err := netip.ParsePrefix(r.Str("cidrBlock"))
	if err != nil {
		return nil, lawSubnetRange.Refuse("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
	}
	if cidr.Bits() < 16 || cidr.Bits() > 28 || !v.CIDR.Contains(cidr.Addr()) || cidr.Bits() < v.CIDR.Bits() {
		return nil, lawSubnetRange.Refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	if slices.ContainsFunc(Subnets.All(r.Account), func(other *Subnet) bool { return other.VPCID == v.ID && other.CIDR.Overlaps(cidr) }) {
		return nil, lawSubnetOverlap.Refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
	}
	zone := r.Str("availabilityZone")
	for _, z := range zones(r.Region) {
		if zone == "" && (r.Str("availabilityZoneId") == "" || r.Str("availabilityZoneId") == ZoneID(z)) {
			zone = z
		}
	}
	if !slices.Contains(zones(r.Region), zone) {
		return nil, lawZoneExists.Refuse("InvalidParameterValue",
			"Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			zone, strings.Join(zones(r.Region), ", "))
	}
	return &Subnet{
		Meta:  r.Identified("subnet", "ec2", "subnet", ""),
		VPCID: v.ID, CIDR: cidr, Zone: zone, MapPublicIP: r.Flag("mapPublicIpOnLaunch"), taken: map[string]bool{},
	}, nil
}

var _ = cloud.DefineFunction("aws:ec2/getSubnet:getSubnet", func(r *cloud.Request) (engine.Props, error) {
	s, err := Subnets.Find(r, r.Str("id"))
	if err != nil {
		return nil, err
	}
	return engine.Props{"id": s.ID, "arn": s.ARN, "vpcId": s.VPCID, "cidrBlock": s.CIDR.String(), "availabilityZone": s.Zone,
		"availabilityZoneId": ZoneID(s.Zone), "mapPublicIpOnLaunch": s.MapPublicIP, "ownerId": r.Account.ID, "state": "available",
		"tags": s.Tags, "defaultForAz": false}, nil
})
