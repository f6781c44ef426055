package kubetest

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/obj"
)

// Platform creates a cluster with everything up to the applications.
func Platform(h *Harness, cluster string) {
	h.T.Helper()
	Cluster(h, cluster)
	Controllers(h, cluster)
	h.Apply(cluster, Part(cluster, "class"), GatewayClass)
	h.Apply(cluster, Part(cluster, "ns-gateway"), Namespace("lattice-gateway"))
	h.Apply(cluster, Part(cluster, "gateway"), strings.Replace(Gateway, "CERTIFICATE", h.Output("certificate", "arn"), 1))
	h.Apply(cluster, Part(cluster, "policy"), InjectionPolicy)
}

// App creates the demo application of a cluster, which another cluster may call.
func App(h *Harness, cluster, caller string) {
	h.T.Helper()
	name := "demo-" + strings.TrimPrefix(cluster, "eks-")
	h.Apply(cluster, Part(cluster, "apps"), Namespace("apps", AppLabels...))
	ProxyConfig(h, cluster, h.Output("ca-installed", "certificate"))
	Associate(h, cluster, "apps", "default", "client")
	h.Apply(cluster, Part(cluster, "deployment"), Deployment(name+"-v1", "apps"))
	h.Apply(cluster, Part(cluster, "service"), Service(name+"-v1", "apps"))
	h.Apply(cluster, Part(cluster, "route"), HTTPRoute(name, "apps"))
	h.Apply(cluster, Part(cluster, "auth"), AuthPolicy(name, "apps", caller))
}

// ProxyConfig creates the ConfigMap of the sidecars in a cluster. Each pair is text
// of Envoy's bootstrap and what replaces it.
func ProxyConfig(h *Harness, cluster, ca string, replace ...string) {
	h.T.Helper()
	in := engine.Props{"apiVersion": "v1", "kind": "ConfigMap", "metadata": obj.Map{"name": "proxy", "namespace": "apps"}, "data": obj.Map{
		"envoy.yaml": strings.NewReplacer(replace...).Replace(envoyBootstrap), "rules": iptablesRules, "ca.pem": ca}}
	if err := h.TryObject(h.Kubeconfig(cluster), Part(cluster, "proxy"), in); err != nil {
		h.T.Fatal(err)
	}
}

// OtherCA is a certificate that signed none of the twin's.
const OtherCA = "-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n"

// NewCluster returns a harness with the environment and a cluster with nodes and
// add-ons.
func NewCluster(t *testing.T, cluster string) *Harness {
	t.Helper()
	h := New(t)
	Environment(h)
	Cluster(h, cluster)
	return h
}

// NewPlatform returns a harness with the cluster eks-one up to the applications.
func NewPlatform(t *testing.T) *Harness {
	t.Helper()
	h := New(t)
	Environment(h)
	Platform(h, "eks-one")
	return h
}

// NewApp returns a harness with the cluster eks-one and its application, which
// eks-two may call.
func NewApp(t *testing.T) *Harness {
	t.Helper()
	h := NewPlatform(t)
	App(h, "eks-one", "eks-two")
	return h
}

// NewPair returns a harness with the clusters eks-one and eks-two, whose
// applications may call each other.
func NewPair(t *testing.T) *Harness {
	t.Helper()
	h := NewApp(t)
	Platform(h, "eks-two")
	App(h, "eks-two", "eks-one")
	return h
}

// NewKyverno returns a harness with the cluster eks-one and Kyverno, whose release
// has more inputs.
func NewKyverno(t *testing.T, more engine.Props) *Harness {
	t.Helper()
	h := NewCluster(t, "eks-one")
	h.Apply("eks-one", "ns-kyverno", Namespace("kyverno"))
	h.Release("eks-one", "kyverno", KyvernoChart(more))
	return h
}

// Demo is the application of eks-one as a caller.
var Demo = call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: "demo-one-v1"}
