package helm_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// newCluster returns a harness with a cluster, its CRDs and the namespaces of two
// charts.
func newCluster(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewCluster(t, "one")
	kubetest.CRDs(h, "one")
	for _, ns := range []string{"external-dns", "kyverno"} {
		h.Apply("one", kubetest.Part("one", "ns-"+ns), kubetest.Namespace(ns))
	}
	return h
}

// hold sets the finalizers of an object of ExternalDNS's chart.
func hold(h *kubetest.Harness, finalizers ...any) {
	h.T.Helper()
	h.World.Look(func() {
		c := h.Clusters.ByName("one")
		o := c.API.Get("", "ServiceAccount", "external-dns", "external-dns")
		if err := c.API.Write(o, "somebody", func(content obj.Map) { obj.Set(content, finalizers, "metadata", "finalizers") }); err != nil {
			h.T.Fatal(err)
		}
	})
}

// keeper is a webhook without endpoints, which blocks an operation on Deployments.
func keeper(operation string) string {
	return `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: keeper}
webhooks:
- name: keeper.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {namespace: default, name: gone, path: /}}
  rules: [{apiGroups: [apps], apiVersions: [v1], operations: [` + operation + `], resources: [deployments]}]
`
}

// What keeps a release from being installed, besides its own laws.
func TestReleasesAreRefused(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	for _, c := range []struct {
		name  string
		in    engine.Props
		law   law.Law
		words []string
	}{
		{"no namespace", kubetest.LatticeChart(h, "one", nil), api.LawNamespaceExists,
			[]string{`namespaces "aws-application-networking-system" not found`}},
		{"wrong type", kubetest.LatticeChart(h, "one", engine.Props{"serviceAccount": engine.Props{"create": "yes"}}), helm.LawValues,
			[]string{"'/serviceAccount/create'"}},
	} {
		h.Refused(h.TryRelease("one", c.name, c.in), c.law, c.words...)
	}
	in := kubetest.LatticeChart(h, "one", nil)
	in["version"] = "v9.0.0"
	h.Refused(h.TryRelease("one", "unknown version", in), helm.LawChartVersion,
		"chart: the twin knows chart aws-gateway-controller-chart in version v2.1.3 only")
}

// Helm ignores values that the chart does not have, and upgrades in place.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	h.Release("one", "kyverno", kubetest.KyvernoChart(engine.Props{"values": engine.Props{
		"admissionController": engine.Props{"replicas": 3}, "admisionController": engine.Props{"replicas": 3}}}))
	if w := h.Clusters.Warnings(); len(w) != 1 || w[0].Law != helm.LawValues ||
		w[0].Message != "chart kyverno has no value admisionController: Helm ignores it" {
		t.Errorf("warnings: %v", w)
	}
	in := h.Inputs("kyverno")
	in["values"] = engine.Props{"admissionController": engine.Props{"replicas": float64(1)}}
	h.Update("kyverno", in)
}

// What holds an object of a release holds its deletion, unless nobody waits.
func TestReleaseDeletion(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	in := kubetest.ExternalDNSChart(h, "one", nil)
	in["skipAwait"] = true
	h.Release("one", "dns", in)
	hold(h, "example.com/hold")
	h.Down("dns")
	hold(h)

	h.Release("one", "dns", kubetest.ExternalDNSChart(h, "one", nil))
	h.Apply("one", "hook", keeper("DELETE"))
	h.Refused(h.Delete("dns"), helm.LawReleaseGone, "failed to delete release: external-dns", `failed calling webhook "keeper.example.com"`)
	h.Down("hook", "dns")
	if o := h.Object("one", "apps", "Deployment", "external-dns", "external-dns"); o != nil {
		t.Error("the release is gone, and its Deployment still exists")
	}
}

// A release is what Helm knows of it.
func TestDriftOfRelease(t *testing.T) {
	t.Parallel()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one", "nodes")
	kubetest.CRDs(h, "one")
	in := engine.Props{"chart": "external-dns", "version": "1.21.1", "name": "dns", "namespace": "kube-system", "skipAwait": true,
		"repositoryOpts": engine.Props{"repo": "https://kubernetes-sigs.github.io/external-dns/"}, "values": engine.Props{"policy": "sync"}}
	h.Release("one", "dns", in)
	if _, _, diff, _ := h.Resource("dns").Refresh(h.World); len(diff.Keys) > 0 {
		t.Fatalf("a refresh finds %v", diff.Keys)
	}
	m, other := h.Resource("dns"), h.Inputs("dns")
	obj.Set(other, "upsert-only", "values", "policy")
	if err := h.World.Do(world.Update, "", func(op *world.Op) error { // helm upgrade by hand
		_, err := m.Backend.Update(op, m.Instance, m.URN, m.ID, m.Inputs, m.Outputs, other)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, diff, _ := h.Resource("dns").Refresh(h.World); strings.Join(diff.Keys, ",") != "values" {
		t.Errorf("after another's upgrade a refresh finds %v", diff.Keys)
	}
}
