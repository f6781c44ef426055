package externaldns_test

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
)

// records are the names in the zone, with their types.
func records(h *kubetest.Harness) (out []string) {
	h.T.Helper()
	h.World.Look(func() {
		list, err := h.Account.Route53("").Records(h.Account.Caller(""), h.ID("zone"))
		if err != nil {
			h.T.Fatal(err)
		}
		for _, r := range list {
			out = append(out, r.Type+" "+r.Name)
		}
	})
	return out
}

// newAppWith returns a harness with an application and an ExternalDNS of other
// values.
func newAppWith(t *testing.T, values engine.Props) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewPlatform(t)
	h.Down("eks-one.external-dns")
	h.Release("eks-one", "eks-one.external-dns", kubetest.ExternalDNSChart(h, "eks-one", values))
	kubetest.App(h, "eks-one", "eks-two")
	return h
}

// A record comes and goes with its route, unless ExternalDNS goes first.
func TestRecords(t *testing.T) {
	t.Parallel()
	h := kubetest.NewApp(t)
	want := []string{"CNAME demo-one.example.com.", "TXT eks-one-cname-demo-one.example.com."}
	if got := records(h); !slices.Equal(got, want) {
		t.Errorf("records: %v, want %v", got, want)
	}
	h.Down("eks-one.auth", "eks-one.route")
	if got := records(h); len(got) != 0 {
		t.Errorf("records after the route is gone: %v", got)
	}
	h = kubetest.NewApp(t)
	h.Down("eks-one.external-dns", "eks-one.auth", "eks-one.route")
	if got := records(h); len(got) != 2 {
		t.Errorf("records after ExternalDNS and then the route went: %v", got)
	}
}

// ExternalDNS keeps to the zones that its values select.
func TestZones(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]engine.Props{
		"another domain": {"domainFilters": []string{"example.org"}},
		"public zones":   {"extraArgs": engine.Props{"aws-zone-type": "public"}},
	} {
		if got := records(newAppWith(t, values)); len(got) != 0 {
			t.Errorf("%s: records: %v", name, got)
		}
	}
}

// A public zone of the same name stays empty when the zone type is private.
func TestRecordsOfPrivateZones(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPlatform(t)
	h.AWS("aws:route53/zone:Zone", "public-zone", engine.Props{"name": "example.com"})
	h.Down("eks-one.external-dns")
	h.Release("eks-one", "eks-one.external-dns", kubetest.ExternalDNSChart(h, "eks-one",
		engine.Props{"extraArgs": engine.Props{"aws-zone-type": "private"}}))
	kubetest.App(h, "eks-one", "eks-two")
	if got := records(h); len(got) != 2 {
		t.Errorf("records of the private zone: %v", got)
	}
	h.World.Look(func() {
		if got, err := h.Account.Route53("").Records(h.Account.Caller(""), h.ID("public-zone")); err != nil || len(got) > 0 {
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
			h := kubetest.NewApp(t)
			kubetest.Platform(h, "eks-two")
			h.Down("eks-two.external-dns")
			h.Release("eks-two", "eks-two.external-dns", kubetest.ExternalDNSChart(h, "eks-two",
				engine.Props{"txtOwnerId": c.owner, "txtPrefix": c.owner + "-"}))
			if got := slices.Contains(records(h), "CNAME demo-one.example.com."); got != c.survives {
				t.Errorf("the record of the first cluster survives: %v", got)
			}
		})
	}
}

// A record of somebody else is left alone.
func TestForeignRecord(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPlatform(t)
	h.AWS("aws:route53/record:Record", "foreign", engine.Props{"zoneId": h.ID("zone"), "name": "demo-one.example.com", "type": "CNAME",
		"ttl": 60, "records": []string{"elsewhere.example.com"}})
	kubetest.App(h, "eks-one", "eks-two")
	r := h.Call(call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: "demo-one-v1"}, "http://demo-one.example.com")
	if r.DecidedBy != call.StepDNS || !strings.Contains(r.Body, "elsewhere.example.com") {
		t.Errorf("the call came to %+v", r)
	}
}
