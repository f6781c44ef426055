package provider_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/world"
)

// read is what a program gets that reads an object, which it does by type and id.
func read(h *kubetest.Harness, token, id string) (in, out engine.Props, err error) {
	h.T.Helper()
	inst := &engine.Instance{Config: engine.Props{"kubeconfig": h.Kubeconfig("one")}}
	urn := resource.URN("urn:pulumi:test::eks-lattice::" + token + "::read")
	err = h.World.Do(world.Read, string(urn), func(op *world.Op) (err error) {
		in, out, err = provider.New(h.Clusters).Read(op, inst, urn, id, engine.Props{}, engine.Props{})
		return err
	})
	return in, out, err
}

// A read returns what exists, however it is. Only a refresh waits for pods.
func TestReads(t *testing.T) {
	t.Parallel()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one")
	const service, endpoints = "kubernetes:core/v1:Service", "kubernetes:core/v1:Endpoints"
	for _, token := range []string{service, endpoints} {
		if _, out, err := read(h, token, "apps/demo"); out != nil || err != nil {
			t.Errorf("a %s that does not exist: %v %v", token, out, err)
		}
	}
	count := func(list string) (n int) {
		_, out, err := read(h, endpoints, "apps/demo")
		if err != nil || out == nil {
			t.Fatalf("the Endpoints: %v %v", out, err)
		}
		for _, subset := range obj.Maps(out, "subsets") {
			n += len(obj.List(subset, list))
		}
		return n
	}
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	h.Apply("one", "service", kubetest.Service("demo", "apps"))
	if n := count("addresses") + count("notReadyAddresses"); n != 0 {
		t.Errorf("without pods, there are %d addresses", n)
	}
	if _, _, _, err := h.Resource("service").Refresh(h.World); err != nil {
		t.Errorf("a refresh of a Service without pods: %v", err)
	}

	const probe = "        readinessProbe: {tcpSocket: {port: 1}}"
	if err := h.TryApply("one", "app", kubetest.Deployment("demo", "apps")+probe); err == nil {
		t.Fatal("pods whose probe fails are ready")
	}
	if ready, others := count("addresses"), count("notReadyAddresses"); ready != 0 || others != 2 {
		t.Errorf("%d pods are ready, %d are not", ready, others)
	}
	in, out, err := read(h, service, "apps/demo")
	if err != nil || obj.Str(out, "spec", "selector", "app") != "demo" || obj.Str(in, "kind") != "Service" || in["status"] != nil ||
		obj.Str(in, "metadata", "uid") != "" {
		t.Errorf("a read of a Service whose pods are not ready: %v %v %v", in, out, err)
	}
	for name, want := range map[string]string{"service": "Service does not target any Pods", "app": "0/2 Pods available"} {
		_, out, _, err := h.Resource(name).Refresh(h.World)
		if out == nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a refresh of %s: %v %v", name, out, err)
		}
	}

	h.Down("app")
	h.Apply("one", "app", kubetest.Deployment("demo", "apps"))
	if ready, others := count("addresses"), count("notReadyAddresses"); ready != 2 || others != 0 {
		t.Errorf("%d pods are ready, %d are not", ready, others)
	}
	h.Down("service")
	if _, out, err := read(h, endpoints, "apps/demo"); out != nil || err != nil {
		t.Errorf("the Endpoints of a deleted Service: %v %v", out, err)
	}
}
