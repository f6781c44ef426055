package route53

import "eks-lattice/internal/twin/aws/cloud"

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service/route53
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html

var (
	zone   = cloud.Untied(cloud.Self(Zones))
	inZone = cloud.Untied(cloud.Of(Zones, "zoneId"))
)

var (
	_ = cloud.DefineCalls("aws:route53/zone:Zone", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("route53:CreateHostedZone"),
			cloud.Does("ec2:DescribeVpcs").When(func(r *cloud.Request) bool { return len(r.Objs("vpcs")) > 0 }),
		},
		Created: []cloud.Call{
			cloud.Does("route53:GetChange", change),
			cloud.Does("route53:ChangeTagsForResource", zone).Tagging(),
			cloud.Does("route53:AssociateVPCWithHostedZone", zone).When(func(r *cloud.Request) bool { return len(r.Objs("vpcs")) > 1 }),
		},
		Read: append(cloud.Each(zone, "route53:GetHostedZone", "route53:ListTagsForResource"),
			cloud.Does("route53:ListResourceRecordSets", zone).
				When(func(r *cloud.Request) bool { z := Zones.Get(r.Account, r.ID); return z != nil && z.Private })),
		Update: []cloud.Call{
			cloud.Does("route53:UpdateHostedZoneComment", zone).Changing("comment"),
			cloud.Does("route53:ChangeTagsForResource", zone).Changing("tagsAll"),
			cloud.Does("route53:AssociateVPCWithHostedZone", zone).Changing("vpcs"),
			cloud.Does("route53:DisassociateVPCFromHostedZone", zone).Changing("vpcs"),
			cloud.Does("ec2:DescribeVpcs").Changing("vpcs"),
			cloud.Does("route53:GetChange", change).Changing("vpcs"),
		},
		Delete: []cloud.Call{
			cloud.Does("route53:ListResourceRecordSets", zone).Having("forceDestroy"),
			cloud.Does("route53:ChangeResourceRecordSets", zone).When(hasRecords),
			cloud.Does("route53:GetChange", change).When(hasRecords),
			cloud.Does("route53:GetDNSSEC", zone).Having("forceDestroy"),
			cloud.Does("route53:DeleteHostedZone", zone),
		},
	})
	_ = cloud.DefineCalls("aws:route53/zoneAssociation:ZoneAssociation", cloud.Calls{
		Create: append(cloud.Each(inZone, "route53:AssociateVPCWithHostedZone"),
			cloud.Does("ec2:DescribeVpcs"), cloud.Does("route53:GetChange", change)),
		Read:   cloud.Reads("route53:ListHostedZonesByVPC", "ec2:DescribeVpcs"),
		Delete: append(cloud.Each(inZone, "route53:DisassociateVPCFromHostedZone"), cloud.Does("ec2:DescribeVpcs")),
	})
	_ = cloud.DefineCalls("aws:route53/record:Record", cloud.Calls{
		Create: changing(),
		Read:   cloud.Each(inZone, "route53:GetHostedZone", "route53:ListResourceRecordSets"),
		Update: changing(),
		Delete: append(changing(), cloud.Does("route53:ListResourceRecordSets", inZone)),
	})
)

// changing are the calls for a batch of changes, until it shows everywhere.
func changing() []cloud.Call {
	return append(cloud.Each(inZone, "route53:GetHostedZone", "route53:ChangeResourceRecordSets"), cloud.Does("route53:GetChange", change))
}

// change is what a call began.
func change(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.Account.ARN("route53", "", "", "change/*")}}
}

// hasRecords reports whether a deletion finds records that it deletes first.
func hasRecords(r *cloud.Request) bool {
	z := Zones.Get(r.Account, r.ID)
	return r.Flag("forceDestroy") && z != nil && len(z.Records) > 0
}
