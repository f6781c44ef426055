package ec2

import (
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// InternetGateway joins a VPC to the Internet.
type InternetGateway struct {
	cloud.Meta
	VPCID string
}

var (
	lawOneGateway = law.New(law.References, "one-internet-gateway-per-vpc",
		"A VPC has at most one internet gateway.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html")
	lawGatewayDetach = law.New(law.Deletion, "internet-gateway-has-addresses",
		"An internet gateway cannot be detached while its VPC has mapped public addresses, such as a NAT gateway's.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/delete-igw.html")
)

// InternetGateways are the internet gateways by id.
var InternetGateways = cloud.NewTable[*InternetGateway]("ec2 internet gateway",
	missing("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist"))

var _ = cloud.Use(InternetGateways, VPCs, VPCInUse, func(g *InternetGateway) []string { return []string{g.VPCID} },
	func(g *InternetGateway) string { return "internet gateway " + g.ID })

var _ = cloud.DefineType(cloud.Type[*InternetGateway]{
	Schema: cloud.Schema{
		Token:  "aws:ec2/internetGateway:InternetGateway",
		Refers: []cloud.Reference{{Property: "vpcId", To: VPCs}},
		Takes:  cloud.Durations{Update: cloud.Instant, Delete: 10 * time.Second},
	},
	Table: InternetGateways,
	Create: func(r *cloud.Request) (*InternetGateway, error) {
		g := &InternetGateway{Meta: r.Identified("igw", "ec2", "internet-gateway", "")}
		return g, g.attach(r.Account, r.Str("vpcId"))
	},
	Update: func(r *cloud.Request, g *InternetGateway) error {
		if g.VPCID == r.Str("vpcId") {
			return nil
		}
		if err := g.detach(r.Account); err != nil {
			return err
		}
		return g.attach(r.Account, r.Str("vpcId"))
	},
	Delete: func(r *cloud.Request, g *InternetGateway) error {
		if err := g.detach(r.Account); err != nil {
			return err
		}
		InternetGateways.Delete(r.Account, g.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, g *InternetGateway) engine.Props {
		return engine.Props{"arn": g.ARN, "ownerId": r.Account.ID, "vpcId": g.VPCID}
	},
})

func (g *InternetGateway) attach(a *cloud.Account, vpcID string) error {
	if vpcID != "" && gatewayOf(a, vpcID) != nil {
		return lawOneGateway.Refuse("InvalidParameterValue", "Network %s already has an internet gateway attached", vpcID)
	}
	g.VPCID = vpcID
	return nil
}

func (g *InternetGateway) detach(a *cloud.Account) error {
	public := Interfaces.Where(a, func(e *NetworkInterface) bool { return e.VPCID == g.VPCID && e.PublicIP != "" })
	if g.VPCID != "" && len(public) > 0 {
		return lawGatewayDetach.Refuse("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway. (%s of %s)",
			g.VPCID, public[0].PublicIP, public[0].Description)
	}
	g.VPCID = ""
	return nil
}

func gatewayOf(a *cloud.Account, vpcID string) *InternetGateway {
	for _, g := range InternetGateways.All(a) {
		if g.VPCID == vpcID {
			return g
		}
	}
	return nil
}
