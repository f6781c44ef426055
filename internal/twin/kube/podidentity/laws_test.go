package podidentity_test

import (
	"testing"

	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

// strands takes away what the controller needs before its route is deleted.
func strands(broken law.Law, part string, words ...string) func(*testing.T) law.Law {
	return func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewApp(t)
		h.Down(kubetest.Part("eks-one", part))
		return h.Refused(h.Delete("eks-one.route"), broken, words...)
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: podidentity.LawAtCreation, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := kubetest.NewCluster(t, "eks-one")
			kubetest.CRDs(h, "eks-one")
			h.Apply("eks-one", "ns", kubetest.Namespace("aws-application-networking-system"))
			h.Apply("eks-one", "ns-gateway", kubetest.Namespace("lattice-gateway"))
			h.Release("eks-one", "lattice-release", kubetest.LatticeChart(h, "eks-one", nil))
			kubetest.Role(h, "lattice", "vpc-lattice:*", "tag:*")
			kubetest.Associate(h, "eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
			h.Apply("eks-one", "class", kubetest.GatewayClass)
			met := h.Refused(h.TryApply("eks-one", "gateway", kubetest.Gateway), podidentity.LawAtCreation, "was created without an association")
			h.Down("gateway", "class", "lattice-release")
			h.Release("eks-one", "lattice-release", kubetest.LatticeChart(h, "eks-one", nil))
			h.Apply("eks-one", "class", kubetest.GatewayClass)
			h.Apply("eks-one", "gateway", kubetest.Gateway)
			return met
		}},
		{Law: podidentity.LawAgent, Break: strands(podidentity.LawAgent, "eks-pod-identity-agent", "connection refused")},
		{Law: podidentity.LawAssociationLives, Break: strands(podidentity.LawAssociationLives,
			"identity-aws-application-networking-system-gateway-api-controller",
			"failed to cleanup route demo-one, apps", "failed to load credentials from http://169.254.170.23/v1/credentials")},
		{Law: podidentity.LawEgress, Break: strands(podidentity.LawEgress, "private-out", "send request failed")},
		{Law: podidentity.LawControllerRuns, Break: strands(podidentity.LawControllerRuns, "lattice",
			"finalizers might be preventing deletion (httproute.k8s.aws/resources)", "no controller runs")},
	})
}
