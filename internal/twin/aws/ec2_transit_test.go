package aws

import (
	"net/netip"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestTransitGateway(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.a.AddTransitGateway("tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
	p.vpc("")
	p.vpc("other-")
	attach := func(prefix string, over engine.Props) engine.Props {
		return merge(engine.Props{"transitGatewayId": "tgw-1", "vpcId": p.id(prefix + "vpc"), "subnetIds": p.privateSubnets(prefix)}, over)
	}
	route := engine.Props{"routeTableId": p.id("private"), "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": "tgw-1"}
	p.refused(lawTransitRoute, "InvalidTransitGatewayID.NotFound", []string{"The transitGateway ID 'tgw-1' does not exist"}, tRoute, "early", route)
	p.refuseAll(t, []refusal{
		{"no-gateway", lawTransitAttachment, "InvalidTransitGatewayID.NotFound", "tgw-0 was deleted or does not exist", tTransit, attach("", engine.Props{"transitGatewayId": "tgw-0"})},
		{"no-vpc", lawExists, "InvalidVpcID.NotFound", "vpc-0", tTransit, attach("", engine.Props{"vpcId": "vpc-0"})},
		{"no-subnet", lawExists, "InvalidSubnetID.NotFound", "subnet-0", tTransit, attach("", engine.Props{"subnetIds": []string{"subnet-0"}})},
		{"one-zone", lawTransitAttachment, "DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ", tTransit,
			attach("", engine.Props{"subnetIds": []string{p.id("private-a"), p.id("public-a")}})},
		{"far-subnet", lawTransitAttachment, "InvalidParameterValue", "does not belong to VPC", tTransit, attach("", engine.Props{"subnetIds": p.privateSubnets("other-")})},
	})
	p.up(tTransit, "attachment", attach("", nil))
	p.refused(lawTransitAttachment, "DuplicateTransitGatewayAttachment", []string{"with same VPC ID"}, tTransit, "again", attach("", nil))
	p.up(tRoute, "route", route)
	if !p.depends("route", "attachment", world.Create, lawTransitRoute) {
		t.Error("the need of the attachment is not recorded")
	}
	if err := p.update("attachment", engine.Props{"subnetIds": []string{p.id("private-c")}}); err != nil {
		t.Fatal(err)
	}
	if enis := p.a.enisWhere(func(e *NetworkInterface) bool { return e.Owner == p.id("attachment") }); len(enis) != 1 || enis[0].SubnetID != p.id("private-c") {
		t.Errorf("interfaces of the attachment: %d", len(enis))
	}

	// The second VPC of the same range is attached, and nobody gets there.
	if w := p.a.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %q", w)
	}
	p.up(tTransit, "overlapping", attach("other-", nil))
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), p.id("other-vpc"), "leads elsewhere", lawTransitOverlap.ID) {
		t.Errorf("warnings: %q", w)
	}
	broken(lawTransitOverlap)

	p.broke(p.delete("private-c"), lawSubnetDeletion, "DependencyViolation", "Network Interface for Transit Gateway Attachment")
	p.down("route", "attachment", "overlapping")
	p.down(vpcNames("")...)
	p.down(vpcNames("other-")...)
	if left := p.a.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}
