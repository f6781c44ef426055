package ec2

import (
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// NATGateway is a NAT gateway.
type NATGateway struct {
	cloud.Meta
	SubnetID     string
	AllocationID string
	ENIID        string
}

var (
	lawEIPInUse = law.New(law.Deletion, "elastic-ip-in-use",
		"An Elastic IP cannot be released while a NAT gateway has it.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html")
	lawNATNeedsGateway = law.New(law.References, "nat-needs-internet-gateway",
		"A public NAT gateway fails when its VPC has no internet gateway attached.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html")
	lawEIPOnce = law.New(law.References, "elastic-ip-once",
		"An Elastic IP serves one NAT gateway.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html")
)

// NATGateways are the NAT gateways by id.
var NATGateways = cloud.NewTable[*NATGateway]("ec2 nat gateway",
	missing("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist"))

var _ = cloud.Use(NATGateways, ElasticIPs, cloud.InUse{Law: lawEIPInUse, Code: "InvalidIPAddress.InUse",
	Format: "Address %[1]s is in use. (%[2]s)",
}, func(n *NATGateway) []string { return []string{n.AllocationID} }, func(n *NATGateway) string { return "NAT gateway " + n.ID })

var _ = cloud.DefineType(cloud.Type[*NATGateway]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/natGateway:NatGateway",
		Required: []string{"subnetId"},
		ForceNew: []string{"subnetId", "allocationId", "connectivityType", "privateIp"},
		Defaults: engine.Props{"connectivityType": "public"},
		Refers:   []cloud.Reference{{Property: "subnetId", To: Subnets}, {Property: "allocationId", To: ElasticIPs}},
		// Estimates: one to three minutes are usual; the provider waits up to ten.
		Takes: cloud.Durations{Create: 105 * time.Second, Update: cloud.Instant, Delete: 65 * time.Second},
		Check: func(c *cloud.Checker) { c.OneOf("connectivityType", "public", "private") },
	},
	Table:  NATGateways,
	Create: createNAT,
	Delete: func(r *cloud.Request, n *NATGateway) error {
		DeleteInterfaces(r.Account, n.ID, nil)
		NATGateways.Delete(r.Account, n.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, n *NATGateway) engine.Props {
		eni := Interfaces.Get(r.Account, n.ENIID)
		return engine.Props{
			"subnetId": n.SubnetID, "allocationId": n.AllocationID,
			"networkInterfaceId": eni.ID, "privateIp": eni.PrivateIP, "publicIp": eni.PublicIP,
			"associationId":               "eipassoc-" + n.AllocationID[min(len(n.AllocationID), 9):],
			"secondaryPrivateIpAddresses": []any{}, "secondaryAllocationIds": []any{}, "secondaryPrivateIpAddressCount": 0,
		}
	},
})

func createNAT(r *cloud.Request) (*NATGateway, error) {
	s := Subnets.Get(r.Account, r.Str("subnetId"))
	n := &NATGateway{Meta: r.Identified("nat", "ec2", "natgateway", ""), SubnetID: s.ID, AllocationID: r.Str("allocationId")}
	address := ""
	if r.Str("connectivityType") == "public" {
		gateway := gatewayOf(r.Account, s.VPCID)
		switch {
		case n.AllocationID == "":
			return nil, lawExists.Refuse("MissingParameter",
				"The request must include the AllocationId parameter. Add the required parameter and retry the request.")
		case ElasticIPs.Free(r.Account, n.AllocationID) != nil:
			return nil, lawEIPOnce.Refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", n.AllocationID)
		case gateway == nil:
			return nil, lawNATNeedsGateway.Refuse("Gateway.NotAttached", "Network %s has no Internet gateway attached", s.VPCID)
		}
		r.Op.DependsOn(gateway.URN, lawNATNeedsGateway)
		address = ElasticIPs.Get(r.Account, n.AllocationID).PublicIP
	}
	eni := AddInterface(r, s, nil, "Interface for NAT Gateway "+n.ID, n.ID)
	eni.PublicIP = address
	n.ENIID = eni.ID
	return n, nil
}
