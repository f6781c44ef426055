package ec2

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// TransitGateway joins networks by one route table: its own, in which each
// attachment's networks are propagated.
type TransitGateway struct {
	cloud.Meta
	Routes []TransitRoute
}

// TransitRoute leads to an attachment.
type TransitRoute struct {
	Network      netip.Prefix
	AttachmentID string
}

// TransitAttachment joins a VPC to a transit gateway.
type TransitAttachment struct {
	cloud.Meta
	GatewayID string
	VPCID     string
	SubnetIDs []string
}

var (
	lawTransitAttachment = law.New(law.References, "transit-gateway-attachment",
		"A VPC is attached once to a transit gateway that exists, by one subnet in a zone.",
		"https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html")
	lawTransitOverlap = law.New(law.References, "transit-gateway-overlap",
		"The range of a VPC that overlaps that of a network attached before is not propagated: the transit gateway's route leads to "+
			"the first one.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGatewayVpcAttachment.html")
)

// The transit gateways and their attachments, by id.
var (
	TransitGateways = cloud.NewTable[*TransitGateway]("ec2 transit gateway", cloud.Missing{Law: lawTransitAttachment, Global: true,
		Code: "InvalidTransitGatewayID.NotFound", Format: "Transit Gateway %s was deleted or does not exist."})
	TransitAttachments = cloud.NewTable[*TransitAttachment]("ec2 transit gateway attachment", cloud.Missing{})
)

// AddTransitGateway puts a transit gateway into the account, in every Region,
// that existed before the program, with networks that reach each other by it.
func AddTransitGateway(a *cloud.Account, id string, networks ...netip.Prefix) {
	g := &TransitGateway{Meta: cloud.Meta{ID: id, NoLeftover: true}}
	for i, network := range networks {
		g.Routes = append(g.Routes, TransitRoute{network, fmt.Sprintf("tgw-attach-%017d", i)})
	}
	TransitGateways.Put(a, g)
}

var _ = cloud.DefineType(cloud.Type[*TransitAttachment]{
	Schema: cloud.Schema{
		Token:    "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
		Required: []string{"transitGatewayId", "vpcId", "subnetIds"},
		ForceNew: []string{"transitGatewayId", "vpcId"},
		Sets:     []string{"subnetIds"},
		Refers: []cloud.Reference{
			{Property: "transitGatewayId", To: TransitGateways}, {Property: "vpcId", To: VPCs}, {Property: "subnetIds", To: Subnets},
		},
		// Estimate: a minute or two are usual.
		Takes: cloud.Durations{Create: 80 * time.Second, Update: 20 * time.Second, Delete: 60 * time.Second},
	},
	Table:  TransitAttachments,
	Create: createTransitAttachment,
	Update: func(r *cloud.Request, t *TransitAttachment) error { return t.putSubnets(r, r.List("subnetIds")) },
	Delete: func(r *cloud.Request, t *TransitAttachment) error {
		DeleteInterfaces(r.Account, t.ID, nil)
		if g := TransitGateways.Get(r.Account, t.GatewayID); g != nil {
			g.Routes = slices.DeleteFunc(g.Routes, func(x TransitRoute) bool { return x.AttachmentID == t.ID })
		}
		TransitAttachments.Delete(r.Account, t.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, t *TransitAttachment) engine.Props {
		return engine.Props{"arn": t.ARN, "vpcOwnerId": r.Account.ID, "subnetIds": cloud.List(t.SubnetIDs),
			"applianceModeSupport": "disable", "dnsSupport": "enable", "ipv6Support": "disable", "securityGroupReferencingSupport": "enable",
			"transitGatewayDefaultRouteTableAssociation": true, "transitGatewayDefaultRouteTablePropagation": true}
	},
})

func createTransitAttachment(r *cloud.Request) (*TransitAttachment, error) {
	g, v := TransitGateways.Get(r.Account, r.Str("transitGatewayId")), VPCs.Get(r.Account, r.Str("vpcId"))
	if attachmentOf(r.Account, v.ID, g.ID) != nil {
		return nil, lawTransitAttachment.Refuse("DuplicateTransitGatewayAttachment",
			"%s has non-deleted Transit Gateway Attachments with same VPC ID.", g.ID)
	}
	t := &TransitAttachment{Meta: r.Identified("tgw-attach", "ec2", "transit-gateway-attachment", ""), GatewayID: g.ID, VPCID: v.ID}
	if err := t.putSubnets(r, r.List("subnetIds")); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(g.Routes, func(x TransitRoute) bool { return x.Network.Overlaps(v.CIDR) }) {
		g.Routes = append(g.Routes, TransitRoute{v.CIDR, t.ID})
	}
	return t, nil
}

// putSubnets gives an attachment an interface in each subnet.
func (t *TransitAttachment) putSubnets(r *cloud.Request, ids []string) error {
	inZones := map[string]bool{}
	for _, id := range ids {
		s := Subnets.Get(r.Account, id)
		switch {
		case s.VPCID != t.VPCID:
			return lawTransitAttachment.Refuse("InvalidParameterValue", "Subnet %s does not belong to VPC %s", id, t.VPCID)
		case inZones[s.Zone]:
			return lawTransitAttachment.Refuse("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ")
		}
		inZones[s.Zone] = true
	}
	DeleteInterfaces(r.Account, t.ID, func(e *NetworkInterface) bool { return !slices.Contains(ids, e.SubnetID) })
	for _, id := range ids {
		if !slices.Contains(t.SubnetIDs, id) {
			AddInterface(r, Subnets.Get(r.Account, id), nil, "Network Interface for Transit Gateway Attachment "+t.ID, t.ID)
		}
	}
	t.SubnetIDs = ids
	return nil
}

// attachmentOf is a VPC's attachment to a transit gateway, or nil.
func attachmentOf(a *cloud.Account, vpcID, gatewayID string) *TransitAttachment {
	for _, t := range TransitAttachments.All(a) {
		if t.VPCID == vpcID && t.GatewayID == gatewayID {
			return t
		}
	}
	return nil
}

// leadsTo returns the attachment that the gateway sends an address to, empty for
// none.
func (g *TransitGateway) leadsTo(address netip.Addr) (attachmentID string) {
	longest := -1
	for _, x := range g.Routes {
		if x.Network.Contains(address) && x.Network.Bits() > longest {
			attachmentID, longest = x.AttachmentID, x.Network.Bits()
		}
	}
	return attachmentID
}

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, t := range TransitAttachments.All(a) {
		v, g := VPCs.Get(a, t.VPCID), TransitGateways.Get(a, t.GatewayID)
		if v != nil && g != nil && g.leadsTo(v.CIDR.Addr()) != t.ID {
			out = append(out, lawTransitOverlap.Warn("VPC %s (%s): %s leads elsewhere for this range, which another network had before",
				v.ID, v.CIDR, g.ID))
		}
	}
	return out
})
