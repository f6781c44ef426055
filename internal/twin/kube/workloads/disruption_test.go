package workloads_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// budget is a PodDisruptionBudget of an application.
func budget(name, app, bound string) string {
	return fmt.Sprintf("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: %s, namespace: apps}\n"+
		"spec: {%s, selector: {matchLabels: {app: %s}}}\n", name, bound, app)
}

// drain drains one of the nodes, the first or the last by name.
func drain(h *kubetest.Harness, last bool) error {
	return h.World.Do(world.Update, "urn:drain", func(op *world.Op) error {
		nodes := h.Account.EKS.NodeGroups("one")[0].NodeNames()
		slices.Sort(nodes)
		if last {
			slices.Reverse(nodes)
		}
		return h.Clusters.ByName("one").Workloads.Drain(op, nodes[0])
	})
}

// warned finds a warning of the clusters.
func warned(h *kubetest.Harness, l law.Law) (met law.Law) {
	for _, w := range h.Clusters.Warnings() {
		if w.Law == l {
			met = w.Law
		}
	}
	return met
}

// How many of the ready pods an eviction may take.
func TestDisruptionBudgets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replicas int
		bounds   []string
		refused  string // by which words
	}{
		"no budget":         {1, nil, ""},
		"one of two":        {2, []string{"minAvailable: 1"}, ""},
		"none of two":       {2, []string{"minAvailable: 2"}, "The disruption budget demo-0 needs 2 healthy pods and has 2 currently"},
		"one unavailable":   {2, []string{"maxUnavailable: 1"}, ""},
		"none unavailable":  {2, []string{"maxUnavailable: 0"}, "needs 2 healthy pods and has 2 currently"},
		"half of three":     {3, []string{"maxUnavailable: '50%'"}, ""},
		"a third available": {2, []string{"minAvailable: '34%'"}, ""},
		"all available":     {3, []string{"minAvailable: '90%'"}, "needs 3 healthy pods and has 3 currently"},
		"the only one":      {1, []string{"minAvailable: 1"}, "needs 1 healthy pods and has 1 currently"},
		"two budgets":       {2, []string{"minAvailable: 1", "maxUnavailable: 1"}, "This pod has more than one PodDisruptionBudget"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newNodes(t, "t3.medium", 2)
			for i, bound := range c.bounds {
				h.Apply("one", fmt.Sprint("budget", i), budget(fmt.Sprint("demo-", i), "demo", bound))
			}
			h.Apply("one", "app", requesting("demo", "100m", "1Mi", c.replicas))
			h.Apply("one", "other", requesting("other", "100m", "1Mi", 1)) // on the other node, if demo is alone
			err := drain(h, false)
			if c.refused == "" && err != nil {
				t.Fatal(err)
			}
			if c.refused != "" {
				h.Refused(err, workloads.LawBudget, c.refused)
			}
			if on := where(h, "apps", "demo"); on[""] != 0 || c.refused == "" && len(on) != 1 {
				t.Errorf("after the drain the replicas are on %v", on)
			}
		})
	}
}

// A pod that is not ready may go while those that are ready suffice.
func TestEvictionOfPodsThatAreNotReady(t *testing.T) {
	t.Parallel()
	h := newNodes(t, "t3.medium", 1)
	h.Apply("one", "budget", budget("demo", "demo", "minAvailable: 1"))
	h.Apply("one", "app", requesting("demo", "100m", "1Mi", 1))
	ailing := strings.NewReplacer("{app: ailing}", "{app: demo, part: ailing}",
		"        ports:", "        readinessProbe: {tcpSocket: {port: 1}}\n        ports:").
		Replace(requesting("ailing", "100m", "1Mi", 1))
	h.Refused(h.TryApply("one", "ailing", ailing), kubelet.LawProbes)
	pod := func() string {
		for _, p := range h.Pods("one", "apps") {
			if name := obj.Str(p, "metadata", "name"); strings.HasPrefix(name, "ailing-") {
				return name
			}
		}
		return ""
	}
	before := pod()
	h.Refused(drain(h, false), workloads.LawBudget, "evicting pod apps/demo-", "needs 1 healthy pods and has 1 currently")
	if after := pod(); after == before {
		t.Errorf("pod %s, which is not ready, was not evicted", before)
	}
}

// A budget keeps a pod that is not ready from being evicted while others are
// missing, unless it says otherwise.
func TestEvictionWhileOthersAreMissing(t *testing.T) {
	t.Parallel()
	for bound, kept := range map[string]bool{
		"maxUnavailable: 1": true, "maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow": false,
	} {
		h := newNodes(t, "t3.medium", 1)
		h.Apply("one", "budget", budget("demo", "demo", bound))
		ailing := strings.Replace(requesting("demo", "100m", "1Mi", 3), "        ports:",
			"        readinessProbe: {tcpSocket: {port: 1}}\n        ports:", 1)
		h.Refused(h.TryApply("one", "app", ailing), kubelet.LawProbes)
		if refused := law.Of(drain(h, false)) == workloads.LawBudget; refused != kept {
			t.Errorf("%s: the eviction of pods that are not ready is refused: %t", bound, refused)
		}
	}
}

// A pod that comes back to the node keeps it from becoming empty.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	h := newNodes(t, "t3.medium", 1)
	h.Apply("one", "app", kubetest.Deployment("demo", "apps", "tolerations: [{operator: Exists}]"))
	h.Refused(drain(h, false), workloads.LawBudget, "pods come back to node ip-")
}

// Kyverno with one replica leaves the API without admission while a node is
// drained; with three and a budget there is always one.
func TestDrainsAndAdmission(t *testing.T) {
	t.Parallel()
	for replicas, want := range map[int]law.Law{1: workloads.LawAdmission, 3: {}} {
		h := withKyverno(t, replicas)
		for _, last := range []bool{false, true} {
			if err := drain(h, last); err != nil {
				t.Fatal(err)
			}
		}
		if met := warned(h, workloads.LawAdmission); met != want {
			t.Errorf("%d replicas: met law %q", replicas, met.ID)
		}
		if on := where(h, "kyverno", "admission-controller"); on[""] != 0 || len(on) == 0 {
			t.Errorf("%d replicas are on %v", replicas, on)
		}
	}
}

// EKS replaces nodes one by one, and Kyverno injects what comes up elsewhere; a
// budget that allows nothing stops the update.
func TestNodeUpdates(t *testing.T) {
	t.Parallel()
	h := withKyverno(t, 3)
	h.Apply("one", "app", requesting("demo", "100m", "1Mi", 2))
	h.Account.EKS.Publish()
	update := func(release string) error {
		in := maps.Clone(h.Inputs("one.nodes"))
		in["releaseVersion"] = release
		return h.Resource("one.nodes").Update(h.World, in)
	}
	if err := update("1.35.1-20260901"); err != nil {
		t.Fatal(err)
	}
	if on := where(h, "kyverno", "admission-controller"); on[""] != 0 || len(on) != 2 {
		t.Errorf("after the update Kyverno is on %v", on)
	}
	if met := warned(h, workloads.LawAdmission); met != (law.Law{}) {
		t.Errorf("met law %s", met.ID)
	}
	h.Apply("one", "budget", budget("demo", "demo", "maxUnavailable: 0"))
	err := update("1.35.0-20260801")
	if err == nil || !strings.Contains(err.Error(), "PodEvictionFailure: Reached max retries while trying to evict pods from nodes") ||
		!strings.Contains(err.Error(), "The disruption budget demo needs 2 healthy pods and has 2 currently") {
		t.Errorf("an update against a budget: %v", err)
	}
}

// withKyverno returns a harness with Kyverno and a policy whose webhooks fail closed.
func withKyverno(t *testing.T, replicas int) *kubetest.Harness {
	t.Helper()
	h := newNodes(t, "m5.large", 2)
	h.Apply("one", "ns", kubetest.Namespace("kyverno"))
	in := kyverno()
	obj.Set(in["values"].(engine.Props), replicas, "admissionController", "replicas")
	if replicas == 1 {
		obj.Set(in["values"].(engine.Props), false, "admissionController", "podDisruptionBudget", "enabled")
	}
	h.Release("one", "kyverno", in)
	h.Apply("one", "policy", kubetest.InjectionPolicy)
	return h
}
