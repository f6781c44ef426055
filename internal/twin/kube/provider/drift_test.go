package provider_test

import (
	"reflect"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
)

func refresh(h *kubetest.Harness, name string) (in, out engine.Props, diff engine.Change) {
	h.T.Helper()
	in, out, diff, err := h.Resource(name).Refresh(h.World)
	if err != nil && law.Of(err) != workloads.LawNodes { // the engine warns of pods that are not ready, and goes on
		h.T.Fatalf("reading %s: %v", name, err)
	}
	return in, out, diff
}

// A refresh shows what another party did to a field that the program applied,
// and nothing else.
func TestDrift(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	kubetest.CRDs(h, "one")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	objects := map[string]string{
		"ConfigMap": config,
		"Secret":    "apiVersion: v1\nkind: Secret\nmetadata: {name: settings, namespace: apps}\nstringData: {a: b}\n",
		"Service": strings.Replace(kubetest.Service("demo", "apps"), "namespace: apps",
			`namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1),
		"Deployment": strings.Replace(kubetest.Deployment("demo", "apps", "volumes: [{name: empty, emptyDir: {}}]"), "replicas: 2",
			"replicas: 0", 1),
		"HTTPRoute": strings.Replace(kubetest.HTTPRoute("demo", "apps"), "pulumi.com/waitFor", "a", 1),
	}
	for kind, manifest := range objects {
		h.Apply("one", kind, manifest)
	}
	first := func(content obj.Map, path ...string) obj.Map { return obj.Maps(content, path...)[0] }
	containers := []string{"spec", "template", "spec", "containers"}
	for _, c := range []struct {
		what, kind string
		key        string // that differs, none for what is no difference
		change     func(content obj.Map)
	}{
		{"a key of another's", "ConfigMap", "", func(o obj.Map) { obj.Set(o, "x", "data", "more") }},
		{"a label of another's", "ConfigMap", "", func(o obj.Map) { obj.Set(o, "x", "metadata", "labels", "more") }},
		{"another value", "ConfigMap", "data", func(o obj.Map) { obj.Set(o, "c", "data", "a") }},
		{"a key less", "ConfigMap", "data", func(o obj.Map) { obj.Delete(o, "data", "a") }},
		{"another value", "Secret", "stringData", func(o obj.Map) { obj.Set(o, "Yw==", "data", "a") }},
		{"another type", "Service", "", func(o obj.Map) { obj.Set(o, "NodePort", "spec", "type") }},
		{"another port behind it", "Service", "spec", func(o obj.Map) { first(o, "spec", "ports")["targetPort"] = int64(9090) }},
		{"a port more", "Service", "", func(o obj.Map) {
			obj.Set(o, append([]any{obj.Map{"name": "x", "port": int64(81), "protocol": "TCP"}}, obj.List(o, "spec", "ports")...), "spec", "ports")
		}},
		{"another number", "Deployment", "spec", func(o obj.Map) { obj.Set(o, int64(5), "spec", "replicas") }},
		{"a sidecar before it", "Deployment", "", func(o obj.Map) {
			obj.Set(o, append([]any{obj.Map{"name": "sidecar", "image": "x"}}, obj.List(o, containers...)...), containers...)
		}},
		{"another image", "Deployment", "spec", func(o obj.Map) { first(o, containers...)["image"] = "x" }},
		{"a template's annotation less", "Deployment", "spec", func(o obj.Map) { obj.Delete(o, "spec", "template", "metadata", "annotations") }},
		{"another status", "HTTPRoute", "", func(o obj.Map) { obj.Set(o, []any{}, "status", "parents") }},
		{"another weight", "HTTPRoute", "spec", func(o obj.Map) { first(first(o, "spec", "rules"), "backendRefs")["weight"] = int64(0) }},
		{"a timeout of a rule", "HTTPRoute", "", func(o obj.Map) { obj.Set(first(o, "spec", "rules"), "1s", "timeouts", "request") }},
		{"a rule more", "HTTPRoute", "spec", func(o obj.Map) {
			obj.Set(o, append(obj.List(o, "spec", "rules"), obj.Map{"matches": []any{obj.Map{"path": obj.Map{"type": "Exact", "value": "/x"}}}}),
				"spec", "rules")
		}},
		{"an annotation of another's", "HTTPRoute", "", func(o obj.Map) { obj.Set(o, "x", "metadata", "annotations", "more") }},
		{"another annotation", "HTTPRoute", "metadata", func(o obj.Map) { obj.Set(o, "x", "metadata", "annotations", "a") }},
	} {
		drift(h, c.kind, c.what, c.key, c.change)
		h.Down(c.kind)
		h.Apply("one", c.kind, objects[c.kind])
	}
	h.Down("ConfigMap", "Secret", "Service", "Deployment", "HTTPRoute")
}

// drift changes an object as another party, and checks what a refresh finds.
func drift(h *kubetest.Harness, kind, what, key string, change func(content obj.Map)) {
	h.T.Helper()
	given := h.Inputs(kind)
	if in, _, diff := refresh(h, kind); len(diff.Keys) > 0 || !reflect.DeepEqual(in, given) {
		h.T.Errorf("%s: before %s, a refresh finds %v", kind, what, diff.Keys)
	}
	group := map[string]string{"Deployment": "apps", "HTTPRoute": gatewaycontroller.GatewayGroup}[kind]
	h.World.Look(func() {
		s := h.Clusters.ByName("one").API
		name := obj.Str(h.Resource(kind).Outputs, "metadata", "name")
		if err := s.Write(s.Get(group, kind, "apps", name), "person", change); err != nil {
			h.T.Fatal(err)
		}
	})
	in, out, diff := refresh(h, kind)
	if got := strings.Join(diff.Keys, ","); got != key || out == nil {
		h.T.Errorf("%s: after %s a refresh finds a difference in %q, want %q: %v", kind, what, got, key, in)
	}
	if key == "" && !reflect.DeepEqual(in, given) {
		h.T.Errorf("%s: after %s the inputs are %v", kind, what, in)
	}
}
