package workloads_test

import (
	"testing"

	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/workloads"
)

// Pods go with their nodes, and come back with new ones.
func TestPodsGoWithNodes(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	h.Apply("one", "app", kubetest.Deployment("demo", "apps"))
	ready := func() int64 {
		return obj.Int(h.Object("one", "apps", "Deployment", "apps", "demo"), "status", "readyReplicas")
	}
	if ready() != 2 {
		t.Fatalf("%d pods are ready", ready())
	}
	h.Down("one.coredns", "one.nodes")
	if ready() != 0 {
		t.Errorf("%d pods outlive their nodes", ready())
	}
	kubetest.Nodes(h, "one")
	if ready() != 2 {
		t.Errorf("%d pods came back", ready())
	}
}

// A release fails when its pods find no node.
func TestReleaseWithoutNodes(t *testing.T) {
	t.Parallel()
	h := newCluster(t, "nodes")
	h.Apply("one", "ns", kubetest.Namespace("kyverno"))
	h.Refused(h.TryRelease("one", "kyverno", kubetest.KyvernoChart(nil)), workloads.LawNodes,
		"Helm Release kyverno/kyverno: resource Deployment/kyverno/kyverno-", "no nodes available")
}
