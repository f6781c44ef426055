package externaldns_test

import (
	"slices"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/externaldns"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

// trouble returns the law that keeps the route's DNSEndpoint from its record.
func trouble(h *kubetest.Harness) law.Law {
	return h.Trouble("eks-one", "externaldns.k8s.io", "DNSEndpoint", "apps", "demo-one-dns")
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: externaldns.LawZone, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newAppWith(t, engine.Props{"extraArgs": engine.Props{"zone-id-filter": "Z0123"}})
			if got := records(h); len(got) != 0 {
				t.Fatalf("records: %v", got)
			}
			return trouble(h)
		}},
		{Law: externaldns.LawOwner, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := kubetest.NewPlatform(t)
			h.AWS("aws:route53/record:Record", "foreign", engine.Props{
				"zoneId": h.ID("zone"), "name": "demo-one.example.com", "type": "CNAME", "ttl": 60, "records": []string{"elsewhere.example.com"}})
			kubetest.App(h, "eks-one", "eks-two")
			if got := records(h); !slices.Equal(got, []string{"CNAME demo-one.example.com."}) {
				t.Fatalf("records: %v", got)
			}
			return trouble(h)
		}},
		{Law: externaldns.LawRecordStays, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := kubetest.NewApp(t)
			h.Down("eks-one.auth", "eks-one.route")
			// By its interval: nothing triggers its loop here.
			if after := h.After("eks-one.route", "eks-one.external-dns", world.Delete, externaldns.LawRecordStays); after != 61 {
				t.Fatalf("ExternalDNS has to outlive the route by %g s", after)
			}
			return h.Reason("eks-one.route", "eks-one.external-dns", world.Delete, externaldns.LawRecordStays)
		}},
		{Law: externaldns.LawCRD, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := kubetest.NewCluster(t, "one")
			h.Apply("one", "ns", kubetest.Namespace("external-dns"))
			return h.Refused(h.TryRelease("one", "dns", kubetest.ExternalDNSChart(h, "one", nil)), externaldns.LawCRD,
				`no matches for kind "DNSEndpoint"`)
		}},
	})
}
