package route53_test

import (
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, laws)
}

// in is a program with a private zone and another VPC.
func in(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.Zone()
		p.BareVPC("one", "10.0.0.0/16")
		return program(p)
	}
}

// join associates a VPC with a zone.
func join(p *awstest.Program, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"zoneId": p.ID("zone"), "vpcId": p.ID("one")}, over)
}

// resolve asks a VPC's resolver.
func resolve(p *awstest.Program, vpc, name string) (value string, err error) {
	p.Account.World.Look(func() { value, _, _, err = p.Account.Route53("").Resolve(p.ID(vpc), name) })
	return value, err
}

// change applies a batch to the zone as ExternalDNS does.
func change(p *awstest.Program, changes ...route53.RecordChange) error {
	caller := iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/external-dns/x", Account: p.Account.ID,
		Policies: []iam.Document{{Text: awstest.Allowing("route53:*")}}}
	return p.Account.World.Do(world.Update, "urn:pulumi:test::x::k::dns", func(op *world.Op) error {
		return p.Account.Route53("").ChangeRecords(op, caller, p.ID("zone"), changes)
	})
}

func create(name, kind, value string) route53.RecordChange {
	return route53.RecordChange{Action: "CREATE", Record: route53.Record{Name: name, Type: kind, TTL: 300, Values: []string{value}}}
}

const early = "demo-cluster2.example.com"

var laws = []lawtest.Counterexample{
	awstest.Refuses("zone-references", "InvalidVPCId", "vpc-0", in(func(p *awstest.Program) error {
		return p.Try(awstest.ZoneAssociation, "nowhere", join(p, engine.Props{"vpcId": "vpc-0"}))
	})),
	awstest.Refuses("zone-association-conflict", "ConflictingDomainExists", "has already been associated with the hosted zone",
		in(func(p *awstest.Program) error {
			return p.Try(awstest.ZoneAssociation, "twice", join(p, engine.Props{"vpcId": p.ID("anchor")}))
		})),
	awstest.Refuses("zone-association-private", "PublicZoneVPCAssociation", "public hosted zone", in(func(p *awstest.Program) error {
		p.Up(awstest.Zone, "public", engine.Props{"name": "example.org"})
		return p.Try(awstest.ZoneAssociation, "public-zone", join(p, engine.Props{"zoneId": p.ID("public")}))
	})),
	// Without ignoreChanges, an update of the zone removes the association.
	awstest.Warns("zone-inline-vpcs", "which urn:pulumi:test::eks-lattice::"+awstest.ZoneAssociation+"::one-zone had associated",
		func(p *awstest.Program) {
			p.Zone()
			p.BareVPC("one", "10.0.0.0/16")
			p.Up(awstest.ZoneAssociation, "one-zone", join(p, nil))
			p.Warnings()
			if err := p.Repair("zone"); err != nil {
				p.T.Fatal(err)
			}
		}),
	awstest.Refuses("zone-not-empty", "HostedZoneNotEmpty", "contains non-required resource record sets and so cannot be deleted.",
		in(func(p *awstest.Program) error {
			p.Up(awstest.Zone, "kept", engine.Props{"name": "example.org"})
			p.Up(awstest.Record, "record", engine.Props{"zoneId": p.ID("kept"), "name": "x", "type": "A", "ttl": 300,
				"records": []string{"10.0.0.1"}})
			return p.Delete("kept")
		})),
	awstest.Refuses("record-changes", "InvalidChangeBatch", "but it already exists", in(func(p *awstest.Program) error {
		return change(p, create("x.example.com", "A", "10.0.0.1"), create("x.example.com", "A", "10.0.0.2"))
	})),
	awstest.Refuses("vpc-resolves-associated-zones", "NXDOMAIN", "no associated private zone holds it", in(func(p *awstest.Program) error {
		_, err := resolve(p, "one", early)
		return err
	})),
	awstest.Refuses("vpc-dns-attributes", "NXDOMAIN", "enableDnsSupport and enableDnsHostnames", in(func(p *awstest.Program) error {
		p.Up(awstest.VPC, "deaf", engine.Props{"cidrBlock": "10.0.0.0/16"})
		p.Up(awstest.ZoneAssociation, "deaf-zone", join(p, engine.Props{"vpcId": p.ID("deaf")}))
		_, err := resolve(p, "deaf", early)
		return err
	})),
	awstest.Refuses("missing-names-are-remembered", "NXDOMAIN", "was asked for before it had a record", in(func(p *awstest.Program) error {
		_, first := resolve(p, "anchor", early)
		p.Refused(first, "vpc-resolves-associated-zones", "NXDOMAIN", "has no record in zone example.com")
		if err := change(p, create(early, "A", "10.0.0.1")); err != nil {
			p.T.Fatal(err)
		}
		_, err := resolve(p, "anchor", early)
		return err
	})),
}
