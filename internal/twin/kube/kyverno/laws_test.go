package kyverno_test

import (
	"strings"
	"testing"
	"time"

	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

// newInjected returns a harness with Kyverno and a namespace that its policy
// selects.
func newInjected(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewKyverno(t, nil)
	h.Apply("eks-one", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
	kubetest.ProxyConfig(h, "eks-one", "")
	return h
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		// A policy whose webhook nobody waited for works for pods that come later.
		{Law: kyverno.LawPolicyReady, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newInjected(t)
			policyWaiting(h, "jsonpath={.status.conditionStatus.ready}=true")
			// Others have moved the clock of the world in the meantime.
			h.World.Look(func() { h.World.Pass(time.Minute) })
			h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
			if after := h.After("app", "policy", world.Create, kyverno.LawPolicyReady); after != 20 {
				t.Fatalf("the pods need the policy %g s before, want 20", after)
			}
			return h.Reason("app", "policy", world.Create, kyverno.LawPolicyReady)
		}},
		{Law: kyverno.LawPolicyCompiles, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newInjected(t)
			broken := strings.Replace(kubetest.InjectionPolicy, "object.metadata.?annotations", "object.metadata.?annotations[nobody", 1)
			return h.Refused(h.TryApply("eks-one", "policy", broken), kyverno.LawPolicyCompiles,
				`admission webhook "validate-policy.kyverno.svc" denied the request: spec.matchConditions[0].expression: Invalid value`)
		}},
		{Law: kyverno.LawEvaluation, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newInjected(t)
			h.Apply("eks-one", "policy", strings.Replace(kubetest.InjectionPolicy, `path: "/spec/volumes/-"`, `path: "/spec/nothing/there/-"`, 1))
			return h.Refused(h.TryApply("eks-one", "app", kubetest.Deployment("demo", "apps")), kyverno.LawEvaluation,
				`admission webhook "mpol.validate.kyverno.svc-fail-finegrained-inject" denied the request: Resource: apps/demo-`,
				"Errors: [Policy inject: failed to evaluate policy: ")
		}},
		{Law: kyverno.LawInjectAtCreation, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newInjected(t)
			h.Apply("eks-one", "early", kubetest.Deployment("early", "apps"))
			h.Apply("eks-one", "policy", kubetest.InjectionPolicy)
			for _, pod := range h.Pods("eks-one", "apps") {
				if injected(pod) {
					t.Fatalf("%s was created before the policy and has the sidecar", obj.Str(pod, "metadata", "name"))
				}
			}
			h.Apply("eks-one", "late", kubetest.Deployment("late", "apps"))
			return h.Reason("late", "policy", world.Create, kyverno.LawInjectAtCreation)
		}},
		{Law: kyverno.LawHooks, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := kubetest.NewKyverno(t, nil)
			h.Down("eks-one.coredns", "eks-one.nodes")
			return h.Refused(h.Delete("kyverno"), kyverno.LawHooks, "pre-delete hooks failed")
		}},
		// Pods that follow a change of their policy at once get the former sidecar.
		{Law: kyverno.LawPolicyChanges, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newInjected(t)
			h.Apply("eks-one", "policy", kubetest.InjectionPolicy)
			h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
			before := sidecars(h)[0]
			changePolicy(h, before, "registry.test/envoy:2")
			restart(h, "app", "2")
			if got := sidecars(h); len(got) != 1 || got[0] != before {
				t.Fatalf("pods right after the change have %v, want %s", got, before)
			}
			if after := h.After("app", "policy", world.Update, kyverno.LawPolicyChanges); after != kyverno.CompileDelay.Seconds() {
				t.Fatalf("the pods need the policy %g s before", after)
			}
			return h.Reason("app", "policy", world.Update, kyverno.LawPolicyChanges)
		}},
	})
}
