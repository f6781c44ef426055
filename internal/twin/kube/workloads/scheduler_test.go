package workloads_test

import (
	"fmt"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/workloads"
)

// newNodes returns a harness with a cluster "one" of nodes of a type, and a
// namespace.
func newNodes(t *testing.T, instanceType string, count int) *kubetest.Harness {
	t.Helper()
	h := newCluster(t, "nodes")
	h.AWS("aws:eks/nodeGroup:NodeGroup", "one.nodes", engine.Props{
		"clusterName": "one", "nodeRoleArn": h.Output("one.node-role", "arn"),
		"subnetIds":     []string{h.ID("one.private-a"), h.ID("one.private-c")},
		"scalingConfig": engine.Props{"desiredSize": count, "minSize": 1, "maxSize": 9}, "instanceTypes": []string{instanceType}})
	kubetest.Addon(h, "one", "coredns")
	return h
}

// where counts an application's pods by their node; those that wait are at "".
func where(h *kubetest.Harness, ns, app string) map[string]int {
	found := map[string]int{}
	for _, p := range h.Pods("one", ns) {
		labels := obj.StringMap(p, "metadata", "labels")
		if labels["app"] == app || labels["app.kubernetes.io/component"] == app {
			found[obj.Str(p, "spec", "nodeName")]++
		}
	}
	return found
}

// requesting is a Deployment whose containers request something.
func requesting(name, cpu, memory string, replicas int) string {
	return strings.NewReplacer(
		"replicas: 2", fmt.Sprintf("replicas: %d", replicas),
		"        ports:", fmt.Sprintf("        resources: {requests: {cpu: %s, memory: %s}}\n        ports:", cpu, memory),
	).Replace(kubetest.Deployment(name, "apps"))
}

// On a t3.small are 1930m allocatable, of which the add-ons have 150m and coredns
// 100m; and of 11 pods, the add-ons are three and coredns is one.
func TestPodsWaitForRoom(t *testing.T) {
	t.Parallel()
	h := newNodes(t, "t3.small", 2)
	h.Apply("one", "fits", requesting("fits", "1680m", "1Gi", 2))
	if on := where(h, "apps", "fits"); len(on) != 2 {
		t.Errorf("the replicas are on %v", on)
	}
	h.Refused(h.TryApply("one", "more", requesting("more", "1m", "400Mi", 2)), workloads.LawRoom, "2 Insufficient cpu, 2 Insufficient memory")
	h.Down("fits") // and those that wait are placed
	if on := where(h, "apps", "more"); on[""] != 0 || len(on) != 2 {
		t.Errorf("when there is room, the replicas are on %v", on)
	}
	h.Refused(h.TryApply("one", "many", requesting("many", "1m", "1Mi", 15)), workloads.LawRoom, "2 Too many pods")
	if on := where(h, "apps", "many"); on[""] != 3 {
		t.Errorf("%d of 15 replicas wait, want 3", on[""])
	}
	h.Refused(h.TryApply("one", "elsewhere", kubetest.Deployment("elsewhere", "apps", "nodeSelector: {disk: ssd}")), workloads.LawRoom,
		"2 node(s) didn't match Pod's node affinity/selector")
}

// The twin does not judge what it does not know.
func TestUnknownInstanceType(t *testing.T) {
	t.Parallel()
	h := newNodes(t, "u7i-12tb.224xlarge", 1)
	h.Apply("one", "greedy", requesting("greedy", "448", "6Ti", 2))
}

// A node gets one pod of a DaemonSet, which waits for that node alone.
func TestDaemonSetPods(t *testing.T) {
	t.Parallel()
	h := newNodes(t, "t3.medium", 2)
	h.Apply("one", "filler", requesting("filler", "1500m", "1Gi", 1))
	set := strings.NewReplacer("kind: Deployment", "kind: DaemonSet", "  replicas: 1\n", "").Replace(requesting("agent", "300m", "1Mi", 1))
	h.Refused(h.TryApply("one", "agent", set), workloads.LawRoom,
		"0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector.")
	if on := where(h, "apps", "agent"); on[""] != 1 || len(on) != 2 {
		t.Errorf("pods of the DaemonSet are on %v", on)
	}
	h.Down("filler")
	if on := where(h, "apps", "agent"); on[""] != 0 || len(on) != 2 {
		t.Errorf("pods of the DaemonSet are on %v", on)
	}
}

// kyverno is the chart with the program's values.
func kyverno() engine.Props {
	in := kubetest.KyvernoChart(nil)
	in["values"].(engine.Props)["admissionController"] = engine.Props{
		"replicas": 3, "podDisruptionBudget": engine.Props{"enabled": true, "minAvailable": 1}}
	return in
}

// Two nodes of the default type have room for the controllers and 29 pods with a
// proxy, which requests 100m and 80Mi. docs/operations.md says so.
func TestRoomForApplications(t *testing.T) {
	t.Parallel()
	h := kubetest.New(t)
	kubetest.Environment(h)
	kubetest.Cluster(h, "one")
	kubetest.Controllers(h, "one")
	h.Update("one.kyverno", kyverno())
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	h.Refused(h.TryApply("one", "demo", requesting("demo", "100m", "80Mi", 40)), workloads.LawRoom, "2 Insufficient cpu")
	on := where(h, "apps", "demo")
	waiting := on[""]
	delete(on, "")
	if waiting != 11 || len(on) != 2 {
		t.Errorf("%d of 40 pods wait, the others are on %v", waiting, on)
	}
}

// Kyverno's replicas are on both nodes of the default type; smaller ones have no
// room.
func TestKyvernoNeedsRoom(t *testing.T) {
	t.Parallel()
	h := newNodes(t, "m5.large", 2)
	h.Apply("one", "ns", kubetest.Namespace("kyverno"))
	h.Release("one", "kyverno", kyverno())
	if on := where(h, "kyverno", "admission-controller"); len(on) != 2 || on[""] != 0 {
		t.Errorf("three replicas are on %v", on)
	}
	small := newNodes(t, "t3.micro", 2)
	small.Apply("one", "ns", kubetest.Namespace("kyverno"))
	small.Refused(small.TryRelease("one", "kyverno", kyverno()), workloads.LawRoom, "2 Too many pods")
}
