package networkpolicy_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: networkpolicy.LawEnforcement, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			h.Apply("one", "closed", networkPolicy("closed", "apps", "{podSelector: {}}"))
			warnings := h.Clusters.Warnings()
			if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "NetworkPolicy apps/closed of cluster one does nothing") {
				t.Fatalf("warnings: %v", warnings)
			}
			return warnings[0].Law
		}},
		{Law: networkpolicy.LawReleased, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			enforce(h, "one", "true")
			h.Apply("one", "policy", networkPolicy("policy", "apps", "{podSelector: {}}"))
			enforce(h, "one", "false")
			return h.Refused(h.Delete("policy"), networkpolicy.LawReleased,
				"finalizers might be preventing deletion (networking.k8s.aws/resources)", "the network policy controller of EKS is off")
		}},
		{Law: networkpolicy.LawIsolation, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			enforce(h, "one", "true")
			h.Apply("one", "app", kubetest.Deployment("demo", "apps"))
			h.Apply("one", "closed", networkPolicy("closed", "apps", "{podSelector: {matchLabels: {app: demo}}}"))
			r := h.Call(call.Caller{Cluster: "one", Namespace: "apps"}, podURL(h, "one", "demo"))
			if r.Allowed || r.DecidedBy != call.StepPodPolicy {
				t.Fatalf("the call came to %+v", r)
			}
			return r.Law
		}},
	})
}
