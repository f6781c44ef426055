package kube_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/externaldns"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
)

func TestReleases(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "one")
	l.crds("one")
	for _, ns := range []string{"aws-application-networking-system", "kyverno"} {
		l.apply("one", part("one", "ns-"+ns), namespace(ns))
	}
	with := func(in engine.Props, key string, value any) engine.Props {
		out := obj.Clone(in)
		out[key] = value
		return out
	}
	for _, c := range []struct {
		name  string
		in    engine.Props
		law   law.Law
		words []string
	}{
		{"unknown version", with(kyvernoChart(nil), "version", "9.9.9"), law.Law{}, []string{"the twin knows chart kyverno in version 3.9.1 only", "[law chart-versions-known]"}},
		{"unknown version of an image", with(l.latticeChart("one", nil), "version", "v9.0.0"), law.Law{}, []string{"the twin knows chart aws-gateway-controller-chart in version v2.1.3 only"}},
		{"unknown chart", with(kyvernoChart(nil), "chart", "kivverno"), law.Law{}, []string{`chart "kivverno" version "3.9.1" not found in https://kyverno.github.io/kyverno/ repository; check the chart name and repository configuration.`}},
		{"no namespace", l.externalDNSChart("one", nil), api.LawNamespaceExists, []string{`namespaces "external-dns" not found`}},
		{"wrong type", l.externalDNSChart("one", engine.Props{"interval": 5}), helm.LawValues, []string{"values don't meet the specifications of the schema(s) in the following chart(s):\nexternal-dns:", "'/interval'"}},
		{"wrong type in the controller", l.latticeChart("one", engine.Props{"serviceAccount": engine.Props{"create": "yes"}}), helm.LawValues, []string{"'/serviceAccount/create'"}},
		{"no region", l.latticeChart("one", engine.Props{"awsRegion": ""}), gatewaycontroller.LawConfig, []string{"failed to become available within allocated timeout", "EC2MetadataError"}},
	} {
		_, err := l.tryRelease("one", c.name, c.in)
		if err == nil {
			t.Fatalf("%s: no error", c.name)
		}
		if c.law.ID != "" {
			l.broke(err, c.law, c.words...)
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: want %q in %v", c.name, w, err)
			}
		}
		if l.made[c.name] != nil {
			l.down(c.name)
		}
	}
	shows(helm.LawChart)
	shows(helm.LawChartVersion)
	l.release("one", "kyverno", kyvernoChart(engine.Props{"values": engine.Props{"admissionController": engine.Props{"replicas": 3}, "admisionController": engine.Props{"replicas": 3}}}))
	_, err := l.tryRelease("one", "again", kyvernoChart(nil))
	l.broke(err, helm.LawReleaseName, "cannot re-use a name that is still in use")
	if w := joined(l.clusters.Warnings()); !strings.Contains(w, "chart kyverno has no value admisionController: Helm ignores it") || strings.Count(w, "\n") != 0 {
		t.Errorf("warnings: %s", w)
	}
	if err := l.update("kyverno", with(l.made["kyverno"].in, "values", engine.Props{"admissionController": engine.Props{"replicas": float64(1)}})); err != nil {
		t.Error(err)
	}
	l.down("kyverno", "one.coredns", "one.nodes")
	_, err = l.tryRelease("one", "no nodes", kyvernoChart(nil))
	l.broke(err, workloads.LawNodes, "Helm Release kyverno/kyverno: resource Deployment/kyverno/kyverno-", "no nodes available")
	l.broke(l.remove("no nodes"), kyverno.LawHooks, "pre-delete hooks failed")
	shows(helm.LawReleaseReady)
}

// What holds an object of a release holds the release's removal.
func TestReleaseRemoval(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "one")
	l.crds("one")
	l.apply("one", "ns", namespace("external-dns"))
	hold := func(finalizers ...any) {
		l.world.Look(func() {
			c := l.clusters.ByName("one")
			if err := c.API.Write(c.API.Get("", "ServiceAccount", "external-dns", "external-dns"), "somebody", func(content obj.Map) {
				obj.Set(content, finalizers, "metadata", "finalizers")
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
	in := l.externalDNSChart("one", nil)
	l.release("one", "dns", in)
	hold("example.com/hold")
	l.broke(l.remove("dns"), helm.LawReleaseGone, "uninstallation completed with 1 error(s): context deadline exceeded", `ServiceAccount "external-dns/external-dns"`, "example.com/hold")
	hold()
	l.down("dns")

	in["skipAwait"] = true
	l.release("one", "dns", in)
	hold("example.com/hold")
	l.down("dns")
	hold()

	l.release("one", "dns", l.externalDNSChart("one", nil))
	l.apply("one", "hook", `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: keeper}
webhooks:
- name: keeper.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {namespace: default, name: gone, path: /}}
  rules: [{apiGroups: [apps], apiVersions: [v1], operations: [DELETE], resources: [deployments]}]
`)
	l.broke(l.remove("dns"), helm.LawReleaseGone, "failed to delete release: external-dns", `failed calling webhook "keeper.example.com"`)
	l.down("hook", "dns")
	if o := l.object("one", "apps", "Deployment", "external-dns", "external-dns"); o != nil {
		t.Error("the release is gone, and its Deployment is there")
	}
}

func TestControllerStarts(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "one")
	l.apply("one", "ns", namespace("aws-application-networking-system"))
	l.apply("one", "ns-dns", namespace("external-dns"))
	_, err := l.tryRelease("one", "lattice", l.latticeChart("one", nil))
	l.broke(err, gatewaycontroller.LawCRDs, "required CRD not found", `no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"`)
	l.down("lattice")
	in := l.externalDNSChart("one", nil)
	_, err = l.tryRelease("one", "dns", in)
	l.broke(err, externaldns.LawCRD, `no matches for kind "DNSEndpoint"`)
	l.down("dns")
	l.crds("one")
	l.down("one.coredns")
	_, err = l.tryRelease("one", "lattice", l.latticeChart("one", nil))
	l.broke(err, kubelet.LawClusterDNS, "CrashLoopBackOff", "no such host")
	l.down("lattice")
	l.addon("one", "coredns")
	l.release("one", "lattice", l.latticeChart("one", nil))
	if !l.depends("lattice", "one.crd-gateways", "create") || !l.depends("lattice", "one.coredns", "create") {
		t.Error("what the controller's start relied on is not recorded")
	}
}
