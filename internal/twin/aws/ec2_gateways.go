package aws

import (
	"fmt"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// InternetGateway joins a VPC to the Internet.
type InternetGateway struct {
	Meta
	VPCID string
}

// ElasticIP is a public address.
type ElasticIP struct {
	Meta
	PublicIP string
	NATID    string // who has it
	ENIID    string
}

// NATGateway is a public NAT gateway.
type NATGateway struct {
	Meta
	SubnetID     string
	AllocationID string
	Public       bool
	ENIID        string
}

var (
	lawOneGateway = law.New(law.References, "one-internet-gateway-per-vpc",
		"A VPC has one internet gateway at most.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html")
	lawGatewayDetach = law.New(law.Deletion, "internet-gateway-has-addresses",
		"An internet gateway cannot be detached while its VPC has mapped public addresses, such as a NAT gateway's.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/delete-igw.html")
	lawEIPInUse = law.New(law.Deletion, "elastic-ip-in-use",
		"An Elastic IP cannot be released while a NAT gateway or an interface has it.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html")
	lawNATNeedsGateway = law.New(law.References, "nat-needs-internet-gateway",
		"A public NAT gateway fails when its VPC has no internet gateway attached.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html")
	lawEIPOnce = law.New(law.References, "elastic-ip-once",
		"An Elastic IP serves one NAT gateway.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html")
)

var internetGatewayKind = &kind{
	token: "aws:ec2/internetGateway:InternetGateway",
	create: func(r *request) (string, error) {
		id := r.newID("igw")
		g := &InternetGateway{Meta: r.meta(id, r.arn("ec2", r.region, r.ID, "internet-gateway/"+id), "")}
		if err := r.attach(g, r.str("vpcId")); err != nil {
			return "", err
		}
		r.ec2.gateways[id] = g
		return id, nil
	},
	update: func(r *request) error {
		g := r.ec2.gateways[r.id]
		g.Tags = r.tags()
		if g.VPCID == r.str("vpcId") {
			return nil
		}
		if err := r.detach(g); err != nil {
			return err
		}
		return r.attach(g, r.str("vpcId"))
	},
	remove: func(r *request) error {
		g := r.ec2.gateways[r.id]
		if err := r.detach(g); err != nil {
			return err
		}
		delete(r.ec2.gateways, g.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		g := r.ec2.gateways[r.id]
		if g == nil {
			return nil
		}
		return engine.Props{"arn": g.ARN, "ownerId": r.ID, "vpcId": g.VPCID, "tagsAll": g.tagsAll()}
	},
}

func (r *request) attach(g *InternetGateway, vpcID string) error {
	if vpcID == "" {
		return nil
	}
	if _, err := r.vpc(vpcID); err != nil {
		return err
	}
	if other := r.gatewayOf(vpcID); other != nil {
		return lawOneGateway.Refuse("InvalidParameterValue", "Network %s already has an internet gateway attached", vpcID)
	}
	g.VPCID = vpcID
	return nil
}

func (r *request) detach(g *InternetGateway) error {
	public := r.enisWhere(func(e *NetworkInterface) bool { return e.VPCID == g.VPCID && e.PublicIP != "" })
	if g.VPCID != "" && len(public) > 0 {
		return lawGatewayDetach.Refuse("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway. (%s of %s)",
			g.VPCID, public[0].PublicIP, public[0].Description)
	}
	g.VPCID = ""
	return nil
}

func (a *Account) gatewayOf(vpcID string) *InternetGateway {
	for _, g := range sorted(a.ec2.gateways) {
		if g.VPCID == vpcID {
			return g
		}
	}
	return nil
}

var eipKind = &kind{
	token:    "aws:ec2/eip:Eip",
	forceNew: []string{"domain", "publicIpv4Pool", "networkBorderGroup", "address"},
	create: func(r *request) (string, error) {
		id := r.newID("eipalloc")
		hex := r.World.ID(r.urn, 6)
		var b [3]byte
		_, _ = fmt.Sscanf(hex, "%02x%02x%02x", &b[0], &b[1], &b[2])
		r.ec2.eips[id] = &ElasticIP{
			Meta:     r.meta(id, r.arn("ec2", r.region, r.ID, "elastic-ip/"+id), ""),
			PublicIP: fmt.Sprintf("13.%d.%d.%d", b[0], b[1], b[2]),
		}
		return id, nil
	},
	update: func(r *request) error { r.ec2.eips[r.id].Tags = r.tags(); return nil },
	remove: func(r *request) error {
		e := r.ec2.eips[r.id]
		if e.ENIID != "" {
			return lawEIPInUse.Refuse("InvalidIPAddress.InUse", "Address %s is in use. (NAT gateway %s)", e.PublicIP, e.NATID)
		}
		delete(r.ec2.eips, e.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		e := r.ec2.eips[r.id]
		if e == nil {
			return nil
		}
		return engine.Props{
			"allocationId": e.ID, "arn": e.ARN, "domain": "vpc", "publicIp": e.PublicIP,
			"publicDns":          fmt.Sprintf("ec2-%s.%s.compute.amazonaws.com", dashed(e.PublicIP), e.Region),
			"networkBorderGroup": e.Region, "publicIpv4Pool": "amazon", "vpc": true,
			"instance": "", "networkInterface": "", "associationId": "", "privateIp": "", "privateDns": "",
			"tagsAll": e.tagsAll(), "carrierIp": "", "customerOwnedIp": "", "ptrRecord": "", "ipamPoolId": "",
		}
	},
}

var natGatewayKind = &kind{
	token:    "aws:ec2/natGateway:NatGateway",
	required: []string{"subnetId"},
	forceNew: []string{"subnetId", "allocationId", "connectivityType", "privateIp"},
	defaults: engine.Props{"connectivityType": "public"},
	check:    func(c *checker) { c.oneOf("connectivityType", "public", "private") },
	create:   createNAT,
	update:   func(r *request) error { r.ec2.nats[r.id].Tags = r.tags(); return nil },
	remove: func(r *request) error {
		n := r.ec2.nats[r.id]
		r.dropENIs(n.ID, nil)
		if e := r.ec2.eips[n.AllocationID]; e != nil {
			e.NATID, e.ENIID = "", ""
		}
		delete(r.ec2.nats, n.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		n := r.ec2.nats[r.id]
		if n == nil {
			return nil
		}
		eni := r.ec2.enis[n.ENIID]
		return engine.Props{
			"subnetId": n.SubnetID, "allocationId": n.AllocationID, "tagsAll": n.tagsAll(),
			"networkInterfaceId": eni.ID, "privateIp": eni.PrivateIP, "publicIp": eni.PublicIP,
			"associationId":               "eipassoc-" + n.AllocationID[min(len(n.AllocationID), 9):],
			"secondaryPrivateIpAddresses": []any{}, "secondaryAllocationIds": []any{}, "secondaryPrivateIpAddressCount": 0,
		}
	},
}

func createNAT(r *request) (string, error) {
	s, err := r.subnet(r.str("subnetId"))
	if err != nil {
		return "", err
	}
	id := r.newID("nat")
	n := &NATGateway{
		Meta:     r.meta(id, r.arn("ec2", r.region, r.ID, "natgateway/"+id), ""),
		SubnetID: s.ID, AllocationID: r.str("allocationId"), Public: r.str("connectivityType") == "public",
	}
	var eip *ElasticIP
	if n.Public {
		eip = r.ec2.eips[n.AllocationID]
		gateway := r.gatewayOf(s.VPCID)
		switch {
		case n.AllocationID == "":
			return "", lawExists.Refuse("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
		case eip == nil || eip.Region != r.region:
			return "", lawExists.Refuse("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", n.AllocationID)
		case eip.ENIID != "":
			return "", lawEIPOnce.Refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", n.AllocationID)
		case gateway == nil:
			return "", lawNATNeedsGateway.Refuse("Gateway.NotAttached", "Network %s has no Internet gateway attached", s.VPCID)
		}
		r.op.DependsOn(gateway.URN, lawNATNeedsGateway)
	}
	eni := r.addENI(s, nil, "Interface for NAT Gateway "+id, id)
	n.ENIID = eni.ID
	if eip != nil {
		eip.NATID, eip.ENIID, eni.PublicIP = id, eni.ID, eip.PublicIP
	}
	r.ec2.nats[id] = n
	return id, nil
}
