package route53_test

import (
	"maps"
	"testing"
	"time"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/engine"
)

func TestZones(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Zone()
	for _, name := range []string{"one", "two"} {
		p.Up(awstest.VPC, name, engine.Props{"cidrBlock": "10.0.0.0/16"})
	}
	p.Up(awstest.Zone, "rival", engine.Props{"name": "example.com", "vpcs": awstest.ZoneVPCs(p.ID("two"))})
	p.Up(awstest.ZoneAssociation, "one-zone", join(p, nil))
	p.Refuses("zone-references", "NoSuchHostedZone", "No hosted zone found with ID: Z0", awstest.ZoneAssociation,
		join(p, engine.Props{"zoneId": "Z0"}))
	p.Refuses("zone-association-conflict", "ConflictingDomainExists", "with the same domain name", awstest.ZoneAssociation,
		join(p, engine.Props{"vpcId": p.ID("two")}))
	p.Refused(p.Update("rival", engine.Props{"vpcs": []any{}}), "zone-association-private", "LastVPCAssociation", "is the last VPC")
	// The zone's own list of VPCs wins over separate associations.
	if err := p.Repair("zone"); err != nil {
		t.Fatal(err)
	}
	if route53.Zones.Get(p.Account.Account, p.ID("zone")).Has(p.ID("one")) {
		t.Error("the association outlived an update of the zone without ignoreChanges")
	}
	p.Down("one-zone") // it no longer exists
}

func TestZoneForceDestroy(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Zone()
	if err := change(p, create("left.example.com", "TXT", `"owner"`)); err != nil {
		t.Fatal(err)
	}
	p.Leftovers("ec2 route table "+p.Get("anchor", "mainRouteTableId"),
		"ec2 security group "+p.Get("anchor", "defaultSecurityGroupId")+" (default)",
		"ec2 vpc "+p.ID("anchor"), "route53 record left.example.com. TXT ("+p.ID("zone")+")", "route53 zone "+p.ID("zone")+" (example.com)")
	p.Down("zone", "anchor")
	p.Leftovers()
}

func TestRecords(t *testing.T) {
	t.Parallel()
	record := func(action, name, kind, value string) route53.RecordChange {
		return route53.RecordChange{Action: action, Record: route53.Record{Name: name, Type: kind, Values: []string{value}}}
	}
	const demo = "demo-cluster1.example.com"
	for name, c := range map[string]struct {
		change route53.RecordChange
		words  string
	}{
		"beside":    {record("CREATE", demo, "TXT", `"x"`), "a conflicting RRSet of type CNAME with the same DNS name already exists"},
		"elsewhere": {record("CREATE", "demo.example.org", "A", "10.0.0.1"), "is not permitted in zone example.com."},
		"missing":   {record("DELETE", "none.example.com", "A", "10.0.0.1"), "but it was not found"},
		"other":     {record("DELETE", demo, "CNAME", "x"), "do not match the current values"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := awstest.New(t)
			p.Zone()
			if err := change(p, create(demo, "CNAME", "demo.vpc-lattice-svcs.ap-northeast-2.on.aws")); err != nil {
				t.Fatal(err)
			}
			good := create("cluster1.example.com", "TXT", `"x"`)
			p.Refused(change(p, good, c.change), "record-changes", "InvalidChangeBatch", c.words)
			if n := len(p.Account.Snapshot().Zones[0].Records); n != 1 {
				t.Errorf("a refused batch left %d records", n)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	svc := p.Callable()
	if err := change(p, create(early, "CNAME", svc.DNSName)); err != nil {
		t.Fatal(err)
	}
	p.Up(awstest.ZoneAssociation, "one-zone", engine.Props{"zoneId": p.ID("zone"), "vpcId": p.ID("one-vpc")})
	if got, err := resolve(p, "one-vpc", "Demo-Cluster2.example.com."); err != nil || got != svc.DNSName {
		t.Errorf("resolved to %q: %v", got, err)
	}
}

// A client that asks before the record exists caches the negative answer for as
// long as the zone's SOA record says.
func TestMissingNamesAreRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		soa     bool
		after   time.Duration
		refused bool
	}{
		"Route 53's own":               {after: 14 * time.Minute, refused: true},
		"Route 53's own, later":        {after: 15 * time.Minute},
		"ten seconds":                  {soa: true, after: 9 * time.Second, refused: true},
		"ten seconds, and they are up": {soa: true, after: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := awstest.New(t)
			p.Zone()
			if c.soa {
				p.Up(awstest.Record, "soa", soa(p, engine.Props{"allowOverwrite": true,
					"records": []string{"ns-0.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 10"}}))
			}
			_, err := resolve(p, "anchor", early)
			p.Refused(err, "vpc-resolves-associated-zones", "NXDOMAIN")
			if err := change(p, create(early, "A", "10.0.0.1")); err != nil {
				t.Fatal(err)
			}
			p.Account.World.Look(func() { p.Account.World.Pass(c.after) })
			if _, err = resolve(p, "anchor", early); (err != nil) != c.refused {
				t.Errorf("after %s: %v", c.after, err)
			}
		})
	}
}

// soa is the record of a zone's SOA.
func soa(p *awstest.Program, over engine.Props) engine.Props {
	in := engine.Props{"zoneId": p.ID("zone"), "name": "example.com", "type": "SOA", "ttl": 10, "records": []string{"ns. mail. 1 2 3 4 5"}}
	maps.Copy(in, over)
	return in
}

// A zone keeps its SOA and NS records whatever a program asks.
func TestApexRecords(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Zone()
	p.Refuses("record-changes", "InvalidChangeBatch",
		"[Tried to create resource record set [name='example.com.', type='SOA'] but it already exists]", awstest.Record, soa(p, nil))
	p.Up(awstest.Record, "soa", soa(p, engine.Props{"allowOverwrite": true}))
	p.Refused(p.Delete("soa"), "record-changes", "InvalidChangeBatch", "A HostedZone must contain exactly one SOA record.")
}
