package aws

import (
	"fmt"
	"net/netip"
	"slices"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// TransitGateway joins networks by one route table: its own, in which each
// attachment's networks are propagated.
type TransitGateway struct {
	Meta
	Routes []TransitRoute
}

// TransitRoute leads to an attachment.
type TransitRoute struct {
	Network      netip.Prefix
	AttachmentID string
}

// TransitAttachment joins a VPC to a transit gateway.
type TransitAttachment struct {
	Meta
	GatewayID string
	VPCID     string
	SubnetIDs []string
}

var (
	lawTransitAttachment = law.New(law.References, "transit-gateway-attachment",
		"A VPC is attached once to a transit gateway that exists, by one subnet in a zone.",
		"https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html")
	lawTransitOverlap = law.New(law.References, "transit-gateway-overlap",
		"The range of a VPC that overlaps that of a network attached before is not propagated: the transit gateway's route leads to the first one.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGatewayVpcAttachment.html")
	lawTransitRoute = law.New(law.References, "route-needs-transit-gateway-attachment",
		"A route to a transit gateway needs the VPC's attachment to it.",
		"https://github.com/aws-ia/terraform-aws-vpc/issues/101")
)

// AddTransitGateway puts a transit gateway into the account, in every Region,
// that was there before the program, with networks that reach each other by it.
func (a *Account) AddTransitGateway(id string, networks ...netip.Prefix) {
	g := &TransitGateway{Meta: Meta{ID: id, Before: true}}
	for i, network := range networks {
		g.Routes = append(g.Routes, TransitRoute{network, fmt.Sprintf("tgw-attach-%017d", i)})
	}
	a.ec2.transits[id] = g
}

var transitAttachmentKind = &kind{
	token:    "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
	required: []string{"transitGatewayId", "vpcId", "subnetIds"},
	forceNew: []string{"transitGatewayId", "vpcId"},
	sets:     []string{"subnetIds"},
	create:   createTransitAttachment,
	update: func(r *request) error {
		t := r.ec2.attachments[r.id]
		if err := r.attachSubnets(t, r.list("subnetIds")); err != nil {
			return err
		}
		t.Tags = r.tags()
		return nil
	},
	remove: func(r *request) error {
		t := r.ec2.attachments[r.id]
		r.dropENIs(t.ID, nil)
		if g := r.ec2.transits[t.GatewayID]; g != nil {
			g.Routes = slices.DeleteFunc(g.Routes, func(x TransitRoute) bool { return x.AttachmentID == t.ID })
		}
		delete(r.ec2.attachments, t.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		t := r.ec2.attachments[r.id]
		if t == nil {
			return nil
		}
		return engine.Props{"arn": t.ARN, "vpcOwnerId": r.ID, "subnetIds": list(t.SubnetIDs), "tagsAll": t.tagsAll(),
			"applianceModeSupport": "disable", "dnsSupport": "enable", "ipv6Support": "disable", "securityGroupReferencingSupport": "enable",
			"transitGatewayDefaultRouteTableAssociation": true, "transitGatewayDefaultRouteTablePropagation": true}
	},
}

func createTransitAttachment(r *request) (string, error) {
	g := r.ec2.transits[r.str("transitGatewayId")]
	if g == nil {
		return "", lawTransitAttachment.Refuse("InvalidTransitGatewayID.NotFound", "Transit Gateway %s was deleted or does not exist.", r.str("transitGatewayId"))
	}
	v, err := r.vpc(r.str("vpcId"))
	if err != nil {
		return "", err
	}
	if r.attachment(v.ID, g.ID) != nil {
		return "", lawTransitAttachment.Refuse("DuplicateTransitGatewayAttachment", "%s has non-deleted Transit Gateway Attachments with same VPC ID.", g.ID)
	}
	id := r.newID("tgw-attach")
	t := &TransitAttachment{Meta: r.meta(id, r.arn("ec2", r.region, r.ID, "transit-gateway-attachment/"+id), ""), GatewayID: g.ID, VPCID: v.ID}
	if err := r.attachSubnets(t, r.list("subnetIds")); err != nil {
		return "", err
	}
	r.ec2.attachments[id] = t
	if !slices.ContainsFunc(g.Routes, func(x TransitRoute) bool { return x.Network.Overlaps(v.CIDR) }) {
		g.Routes = append(g.Routes, TransitRoute{v.CIDR, id})
	}
	return id, nil
}

// attachSubnets gives an attachment an interface in each subnet.
func (r *request) attachSubnets(t *TransitAttachment, ids []string) error {
	subnets, inZones := []*Subnet{}, map[string]bool{}
	for _, id := range ids {
		s, err := r.subnet(id)
		switch {
		case err != nil:
			return err
		case s.VPCID != t.VPCID:
			return lawTransitAttachment.Refuse("InvalidParameterValue", "Subnet %s does not belong to VPC %s", id, t.VPCID)
		case inZones[s.Zone]:
			return lawTransitAttachment.Refuse("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ")
		}
		inZones[s.Zone] = true
		subnets = append(subnets, s)
	}
	r.dropENIs(t.ID, func(e *NetworkInterface) bool { return !slices.Contains(ids, e.SubnetID) })
	for _, s := range subnets {
		if !slices.Contains(t.SubnetIDs, s.ID) {
			r.addENI(s, nil, "Network Interface for Transit Gateway Attachment "+t.ID, t.ID)
		}
	}
	t.SubnetIDs = ids
	return nil
}

// attachment is a VPC's to a transit gateway, or nil.
func (a *Account) attachment(vpcID, gatewayID string) *TransitAttachment {
	for _, t := range sorted(a.ec2.attachments) {
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

// transitWarnings are about VPCs that nobody reaches by their transit gateway.
func (a *Account) transitWarnings() (out []law.Warning) {
	for _, t := range sorted(a.ec2.attachments) {
		v, g := a.ec2.vpcs[t.VPCID], a.ec2.transits[t.GatewayID]
		if v != nil && g != nil && g.leadsTo(v.CIDR.Addr()) != t.ID {
			out = append(out, lawTransitOverlap.Warn("VPC %s (%s): %s leads elsewhere for this range, which another network had before", v.ID, v.CIDR, g.ID))
		}
	}
	return out
}
