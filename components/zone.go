package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newZone creates the private zone. A private zone cannot exist without a VPC.
// Clusters' VPCs come and go, so the zone has an empty one of its own.
func (e *Environment) newZone(ctx *pulumi.Context, name string) error {
	vpc, err := ec2.NewVpc(ctx, name+"-anchor", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(e.args.AnchorVPCCIDR),
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		Tags:               nameTag(name + "-anchor"),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("creating anchor VPC: %w", err)
	}
	if err := closeDefaultGroup(ctx, e, name+"-anchor", vpc, name+"-anchor"); err != nil {
		return err
	}
	zone, err := route53.NewZone(ctx, name+"-zone", &route53.ZoneArgs{
		Name:    pulumi.String(e.args.Domain),
		Comment: pulumi.String("Names of the services of " + e.args.ServiceNetworkName),
		Vpcs: route53.ZoneVpcArray{route53.ZoneVpcArgs{
			VpcId:     vpc.ID(),
			VpcRegion: pulumi.String(e.args.Account.Region),
		}},
		// ExternalDNS leaves a record behind if it is killed before its last
		// loop, and that must not keep the zone from being deleted.
		ForceDestroy: pulumi.Bool(true),
	}, pulumi.Parent(e),
		// Each cluster associates its own VPC. Without this option, the next up of
		// the environment would delete that association.
		// https://www.pulumi.com/registry/packages/aws/api-docs/route53/zoneassociation/
		pulumi.IgnoreChanges([]string{"vpcs"}),
		pulumi.Protect(e.args.ProtectZone))
	if err != nil {
		return fmt.Errorf("creating private zone: %w", err)
	}
	e.ZoneID, e.ZoneARN = zone.ZoneId, zone.Arn
	e.shared = append(e.shared, zone)
	return e.newStartOfAuthority(ctx, name, zone)
}

// negativeSeconds is how long resolvers cache that a name does not exist. In
// Route 53's own record it is 15 minutes. A caller that asks before a route
// exists would not find it for that long. AWS Cloud Map changes it in private
// zones, too.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
// https://docs.aws.amazon.com/cloud-map/latest/api/API_SOA.html
const negativeSeconds = 10

// newStartOfAuthority overwrites the SOA record that every zone has.
func (e *Environment) newStartOfAuthority(ctx *pulumi.Context, name string, zone *route53.Zone) error {
	_, err := route53.NewRecord(ctx, name+"-zone-soa", &route53.RecordArgs{
		ZoneId: zone.ZoneId,
		Name:   pulumi.String(e.args.Domain),
		Type:   pulumi.String("SOA"),
		Ttl:    pulumi.Int(negativeSeconds),
		Records: pulumi.StringArray{
			// Serial, refresh, retry and expire are Route 53's own.
			pulumi.Sprintf("%s. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 %d", zone.PrimaryNameServer, negativeSeconds),
		},
		AllowOverwrite: pulumi.Bool(true),
	}, pulumi.Parent(e),
		// Route 53 refuses to delete the SOA record; it is deleted with the zone.
		pulumi.RetainOnDelete(true))
	if err != nil {
		return fmt.Errorf("changing the zone's SOA record: %w", err)
	}
	return nil
}
