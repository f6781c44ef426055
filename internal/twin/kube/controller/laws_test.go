package controller_test

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

const held = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: apps, finalizers: [example.com/hold]}\n"

// newHeld returns a harness with an object that a finalizer holds.
func newHeld(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one", "nodes")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	h.Apply("one", "held", held)
	return h
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: controller.LawFinalizers, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newHeld(t)
			return h.Refused(h.Delete("held"), controller.LawFinalizers,
				"timed out waiting for the condition", "finalizers might be preventing deletion (example.com/hold)")
		}},
		{Law: controller.LawNamespaceEmpties, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newHeld(t)
			return h.Refused(h.Delete("apps"), controller.LawNamespaceEmpties,
				`Namespace "apps" is still Terminating`, "example.com/hold in 1 resource instances")
		}},
		{Law: controller.LawDurations, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newHeld(t)
			h.Apply("one", "slow", kubetest.Namespace("slow"))
			h.Down("slow")
			journal := h.World.Journal()
			i := slices.IndexFunc(journal, func(op world.Op) bool { return op.Action == world.Delete && strings.HasSuffix(op.URN, "::slow") })
			if op := journal[i]; op.Seconds != 10 || len(op.Durations) != 1 {
				t.Fatalf("deleting a namespace takes %g s by %v", op.Seconds, op.Durations)
			}
			return journal[i].Durations[0]
		}},
	})
}
