package kube_test

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/externaldns"
)

// records are the names in the zone, with their types.
func (l *lab) records() (out []string) {
	l.t.Helper()
	l.world.Look(func() {
		list, err := l.account.Route53("").Records(l.account.Caller(), l.id("zone"))
		if err != nil {
			l.t.Fatal(err)
		}
		for _, r := range list {
			out = append(out, r.Type+" "+r.Name)
		}
	})
	return out
}

func TestRecords(t *testing.T) {
	t.Parallel()
	l := appLab(t)
	want := []string{"CNAME demo-one.example.com.", "TXT eks-one-cname-demo-one.example.com."}
	if got := l.records(); !slices.Equal(got, want) {
		t.Errorf("records: %v, want %v", got, want)
	}
	if !l.depends("eks-one.route", "eks-one.external-dns", "delete") {
		l.down("eks-one.auth", "eks-one.route")
		if got := l.records(); len(got) != 0 {
			t.Errorf("records after the route is gone: %v", got)
		}
	}
}

func TestRecordsStay(t *testing.T) {
	t.Parallel()
	l := appLab(t)
	l.down("eks-one.external-dns", "eks-one.auth", "eks-one.route")
	if got := l.records(); len(got) != 2 {
		t.Errorf("records after ExternalDNS and then the route went: %v", got)
	}
	shows(externaldns.LawRecordStays)
}

func TestRecordZones(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		values engine.Props
		want   int
	}{
		{"own domain", nil, 2},
		{"another domain", engine.Props{"domainFilters": []string{"example.org"}}, 0},
		{"another zone", engine.Props{"extraArgs": engine.Props{"zone-id-filter": "Z0123"}}, 0},
		{"public zones", engine.Props{"extraArgs": engine.Props{"aws-zone-type": "public"}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := platformLab(t)
			l.down("eks-one.external-dns")
			l.release("eks-one", "eks-one.external-dns", l.externalDNSChart("eks-one", c.values))
			l.app("eks-one", "eks-two")
			if got := l.records(); len(got) != c.want {
				t.Errorf("records: %v", got)
			}
			if c.want == 0 {
				shows(externaldns.LawZone)
			}
		})
	}
}

// A public zone of the same name stays empty when the zone type is private.
func TestRecordsOfPrivateZones(t *testing.T) {
	t.Parallel()
	l := platformLab(t)
	l.aws("aws:route53/zone:Zone", "public-zone", engine.Props{"name": "example.com"})
	l.down("eks-one.external-dns")
	l.release("eks-one", "eks-one.external-dns", l.externalDNSChart("eks-one", engine.Props{"extraArgs": engine.Props{"aws-zone-type": "private"}}))
	l.app("eks-one", "eks-two")
	if got := l.records(); len(got) != 2 {
		t.Errorf("records of the private zone: %v", got)
	}
	l.world.Look(func() {
		if got, err := l.account.Route53("").Records(l.account.Caller(), l.id("public-zone")); err != nil || len(got) > 0 {
			t.Errorf("records of the public zone: %v %v", got, err)
		}
	})
}

// Two clusters of one owner id delete each other's records.
func TestRecordOwners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, owner string
		survives    bool
	}{{"own owner", "eks-two", true}, {"the same owner", "eks-one", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := appLab(t)
			l.platform("eks-two")
			l.down("eks-two.external-dns")
			l.release("eks-two", "eks-two.external-dns", l.externalDNSChart("eks-two", engine.Props{"txtOwnerId": c.owner, "txtPrefix": c.owner + "-"}))
			if got := slices.Contains(l.records(), "CNAME demo-one.example.com."); got != c.survives {
				t.Errorf("the record of the first cluster survives: %v", got)
			}
			if !c.survives {
				shows(externaldns.LawOwner)
			}
		})
	}
}

// A record of somebody else is left alone.
func TestForeignRecord(t *testing.T) {
	t.Parallel()
	l := platformLab(t)
	l.aws("aws:route53/record:Record", "foreign", engine.Props{"zoneId": l.id("zone"), "name": "demo-one.example.com", "type": "CNAME", "ttl": 60, "records": []string{"elsewhere.example.com"}})
	l.app("eks-one", "eks-two")
	r := l.call(call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: "demo-one-v1"}, "http://demo-one.example.com")
	if r.DecidedBy != call.StepDNS || !strings.Contains(r.Body, "elsewhere.example.com") {
		t.Errorf("the call came to %+v", r)
	}
}
