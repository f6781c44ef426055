package workloads_test

import (
	"testing"

	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

// newCluster returns a harness with a cluster without the named parts, and a
// namespace.
func newCluster(t *testing.T, without ...string) *kubetest.Harness {
	t.Helper()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one", without...)
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	return h
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: workloads.LawServiceAccount, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			app := kubetest.Deployment("demo", "apps", "serviceAccountName: caller")
			met := h.Refused(h.TryApply("one", "app", app), workloads.LawServiceAccount,
				"FailedCreate", "error looking up service account apps/caller")
			h.Down("app")
			h.Apply("one", "account", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: caller, namespace: apps}\n")
			h.Apply("one", "app", app)
			return met
		}},
		{Law: workloads.LawNodes, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t, "nodes")
			app := kubetest.Deployment("demo", "apps")
			met := h.Refused(h.TryApply("one", "app", app), workloads.LawNodes, "no nodes available to schedule pods")
			h.Down("app")
			kubetest.Nodes(h, "one")
			h.Apply("one", "app", app)
			return met
		}},
		{Law: workloads.LawRoom, Break: func(t *testing.T) law.Law {
			h := newNodes(t, "t3.small", 2)
			met := h.Refused(h.TryApply("one", "app", requesting("demo", "1681m", "1Gi", 2)), workloads.LawRoom,
				"Unschedulable: 0/2 nodes are available: 2 Insufficient cpu. "+
					"preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.")
			h.Down("app")
			h.Apply("one", "app", requesting("demo", "1680m", "1Gi", 2))
			return met
		}},
		{Law: workloads.LawBudget, Break: func(t *testing.T) law.Law {
			h := newNodes(t, "t3.medium", 2)
			h.Apply("one", "budget", budget("demo", "demo", "minAvailable: 1"))
			h.Apply("one", "app", requesting("demo", "100m", "1Mi", 1))
			return h.Refused(drain(h, false), workloads.LawBudget, "Cannot evict pod as it would violate the pod's disruption budget. "+
				"The disruption budget demo needs 1 healthy pods and has 1 currently")
		}},
		{Law: workloads.LawRollout, Break: func(t *testing.T) law.Law {
			h := newCluster(t)
			h.Apply("one", "app", requesting("demo", "1m", "1Mi", 8))
			h.Refused(rollOut(h, "", neverReady), kubelet.LawProbes)
			return warned(h, workloads.LawRollout)
		}},
		{Law: workloads.LawAdmission, Break: func(t *testing.T) law.Law {
			h := withKyverno(t, 1)
			for _, last := range []bool{false, true} {
				if err := drain(h, last); err != nil {
					t.Fatal(err)
				}
			}
			return warned(h, workloads.LawAdmission)
		}},
		{Law: workloads.LawAvailable, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Apply("one", "service", kubetest.Service("demo", "apps")) // which selects nothing
			h.Down("service")
			h.Refused(h.TryApply("one", "app", kubetest.Deployment("demo", "apps")+neverReady), kubelet.LawProbes)
			met := h.Refused(h.TryApply("one", "service", kubetest.Service("demo", "apps")), workloads.LawAvailable,
				"Service does not target any Pods")
			h.Down("service", "app")
			h.Apply("one", "app", kubetest.Deployment("demo", "apps"))
			h.Apply("one", "service", kubetest.Service("demo", "apps"))
			return met
		}},
	})
}
