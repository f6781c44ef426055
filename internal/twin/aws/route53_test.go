package aws

import (
	"testing"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

func vpcs(ids ...string) []any {
	out := []any{}
	for _, id := range ids {
		out = append(out, engine.Props{"vpcId": id, "vpcRegion": "ap-northeast-2"})
	}
	return out
}

func TestZones(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	for _, name := range []string{"anchor", "one", "two"} {
		p.up(tVPC, name, engine.Props{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	}
	p.up(tZone, "zone", engine.Props{"name": "example.com", "vpcs": vpcs(p.id("anchor"))})
	p.up(tZone, "public", engine.Props{"name": "example.org"})
	p.up(tZone, "rival", engine.Props{"name": "example.com", "vpcs": vpcs(p.id("two"))})
	one := engine.Props{"zoneId": p.id("zone"), "vpcId": p.id("one")}
	p.up(tZoneVPC, "one-zone", one)
	p.refuseAll(t, []refusal{
		{"zone", lawZoneRefs, "NoSuchHostedZone", "No hosted zone found with ID: Z0", tZoneVPC, merge(one, engine.Props{"zoneId": "Z0"})},
		{"vpc", lawZoneRefs, "InvalidVPCId", "vpc-0", tZoneVPC, merge(one, engine.Props{"vpcId": "vpc-0"})},
		{"twice", lawZoneOnce, "ConflictingDomainExists", "has already been associated with the hosted zone " + p.id("zone"), tZoneVPC, one},
		{"rival", lawZoneOnce, "ConflictingDomainExists", "with the same domain name", tZoneVPC, merge(one, engine.Props{"vpcId": p.id("two")})},
		{"public", lawZonePrivate, "PublicZoneVPCAssociation", "public hosted zone", tZoneVPC, merge(one, engine.Props{"zoneId": p.id("public")})},
	})
	// The zone's own list of VPCs wins over separate associations.
	if err := p.update("zone", engine.Props{"vpcs": vpcs(p.id("anchor"), p.id("one"))}); err != nil {
		t.Fatal(err)
	}
	if err := p.update("zone", engine.Props{"vpcs": vpcs(p.id("anchor"))}); err != nil {
		t.Fatal(err)
	}
	if p.a.dns.zones[p.id("zone")].has(p.id("one")) {
		t.Error("the association outlived an update of the zone without ignoreChanges")
	}
	broken(lawZoneInline)
	p.down("one-zone") // gone already
	p.up(tRecord, "record", engine.Props{"zoneId": p.id("zone"), "name": "x", "type": "A", "ttl": 300, "records": []string{"10.0.0.1"}})
	p.broke(p.delete("zone"), lawZoneDeletion, "HostedZoneNotEmpty", "contains non-required resource record sets and so cannot be deleted.")
	p.down("record", "zone")
}

func TestZoneForceDestroy(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.change(t, RecordChange{"CREATE", Record{Name: "left.example.com", Type: "TXT", TTL: 300, Values: []string{`"owner"`}}})
	p.down("certificate", "zone")
}

// change applies a batch to the zone as ExternalDNS does.
func (p *program) change(t *testing.T, changes ...RecordChange) {
	t.Helper()
	if err := p.tryChange(changes...); err != nil {
		t.Fatal(err)
	}
}

func (p *program) tryChange(changes ...RecordChange) error {
	who := iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/external-dns/x", Account: p.a.ID, Policies: []iam.Document{{Text: allowing("route53:*")}}}
	return p.a.World.Do(world.Update, "urn:pulumi:test::x::k::dns", func(op *world.Op) error {
		return p.a.Route53("").ChangeRecords(op, who, p.id("zone"), changes)
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	cname := Record{Name: "demo-cluster1.example.com", Type: "CNAME", TTL: 300, Values: []string{"demo.vpc-lattice-svcs.ap-northeast-2.on.aws"}}
	p.change(t, RecordChange{"CREATE", cname})
	for name, c := range map[string]struct {
		change RecordChange
		words  string
	}{
		"exists":    {RecordChange{"CREATE", cname}, "but it already exists"},
		"beside":    {RecordChange{"CREATE", Record{Name: cname.Name, Type: "TXT", Values: []string{`"x"`}}}, "a conflicting RRSet of type CNAME with the same DNS name already exists"},
		"elsewhere": {RecordChange{"CREATE", Record{Name: "demo.example.org", Type: "A", Values: []string{"10.0.0.1"}}}, "is not permitted in zone example.com."},
		"missing":   {RecordChange{"DELETE", Record{Name: "none.example.com", Type: "A", Values: []string{"10.0.0.1"}}}, "but it was not found"},
		"other":     {RecordChange{"DELETE", Record{Name: cname.Name, Type: "CNAME", Values: []string{"x"}}}, "do not match the current values"},
	} {
		t.Run(name, func(t *testing.T) {
			good := RecordChange{"CREATE", Record{Name: "cluster1-" + name + ".example.com", Type: "TXT", Values: []string{`"x"`}}}
			p.broke(p.tryChange(good, c.change), lawRecords, "InvalidChangeBatch", c.words)
			if n := len(p.a.Snapshot().Zones[0].Records); n != 1 {
				t.Errorf("a refused batch left %d records", n)
			}
		})
	}
	p.change(t, RecordChange{"DELETE", cname})
}

func TestResolve(t *testing.T) {
	t.Parallel()
	p, svc := callable(t)
	p.up(tVPC, "deaf", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.change(t, RecordChange{"CREATE", Record{Name: "demo-cluster2.example.com", Type: "CNAME", TTL: 300, Values: []string{svc.DNSName}}})
	resolve := func(vpc, name string) (string, error) {
		value, _, _, err := p.a.Route53("").Resolve(p.id(vpc), name)
		return value, err
	}
	_, err := resolve("one-vpc", "demo-cluster2.example.com")
	p.broke(err, lawResolveZone, "NXDOMAIN", "no associated private zone holds it")
	for _, vpc := range []string{"one-vpc", "deaf"} {
		p.up(tZoneVPC, vpc+"-zone", engine.Props{"zoneId": p.id("zone"), "vpcId": p.id(vpc)})
	}
	if got, err := resolve("one-vpc", "Demo-Cluster2.example.com."); err != nil || got != svc.DNSName {
		t.Errorf("resolved to %q: %v", got, err)
	}
	_, err = resolve("one-vpc", "demo-cluster3.example.com")
	p.broke(err, lawResolveZone, "NXDOMAIN", "has no record in zone example.com")
	_, err = resolve("deaf", "demo-cluster2.example.com")
	p.broke(err, lawResolveSupport, "NXDOMAIN", "enableDnsSupport and enableDnsHostnames")
}

// Who asks before there is a record goes on not finding it, for as long as the
// zone's SOA record says.
func TestMissingNamesAreRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		soa    bool
		after  time.Duration
		broken bool
	}{
		"Route 53's own":               {after: 14 * time.Minute, broken: true},
		"Route 53's own, later":        {after: 15 * time.Minute},
		"ten seconds":                  {soa: true, after: 9 * time.Second, broken: true},
		"ten seconds, and they are up": {soa: true, after: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, svc := callable(t)
			p.up(tZoneVPC, "one-zone", engine.Props{"zoneId": p.id("zone"), "vpcId": p.id("one-vpc")})
			if c.soa {
				p.up(tRecord, "soa", engine.Props{"zoneId": p.id("zone"), "name": "example.com", "type": "SOA", "ttl": 10, "allowOverwrite": true,
					"records": []string{"ns-0.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 10"}})
			}
			ask := func() (err error) {
				p.a.World.Look(func() { _, _, _, err = p.a.Route53("").Resolve(p.id("one-vpc"), "demo-cluster2.example.com") })
				return err
			}
			p.broke(ask(), lawResolveZone, "NXDOMAIN")
			p.change(t, RecordChange{"CREATE", Record{Name: "demo-cluster2.example.com", Type: "CNAME", TTL: 300, Values: []string{svc.DNSName}}})
			p.a.World.Look(func() { p.a.World.Pass(c.after) })
			err := ask()
			if !c.broken && err != nil {
				t.Errorf("after %s: %v", c.after, err)
			}
			if c.broken {
				p.broke(err, lawNegative, "NXDOMAIN", "was asked for before it had a record")
			}
		})
	}
}

// A zone keeps its SOA and NS records whatever is asked of it.
func TestApexRecords(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	soa := engine.Props{"zoneId": p.id("zone"), "name": "example.com", "type": "SOA", "ttl": 10, "records": []string{"ns. mail. 1 2 3 4 5"}}
	p.refused(lawRecords, "InvalidChangeBatch", []string{"[Tried to create resource record set [name='example.com.', type='SOA'] but it already exists]"}, tRecord, "soa", soa)
	p.up(tRecord, "soa", merge(soa, engine.Props{"allowOverwrite": true}))
	p.broke(p.delete("soa"), lawRecords, "InvalidChangeBatch", "A HostedZone must contain exactly one SOA record.")
}
