package podidentity_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

// The association of a pod has to exist some time before the pod.
func TestAssociationBeforeItsPods(t *testing.T) {
	t.Parallel()
	h := kubetest.NewApp(t)
	if after := h.After("eks-one.deployment", "eks-one.identity-apps-default", world.Create, podidentity.LawAtCreation); after != 5 {
		t.Errorf("the pods need their association %g s before, want 5", after)
	}
}

// A controller without an association works with its node's role where it can
// ask for that, and has not its rights.
func TestControllerOnNodesCredentials(t *testing.T) {
	t.Parallel()
	h := kubetest.NewCluster(t, "one")
	kubetest.CRDs(h, "one")
	h.Apply("one", "ns", kubetest.Namespace("external-dns"))
	who := func() (out string) {
		h.World.Look(func() {
			c := h.Clusters.ByName("one")
			pod := c.Kubelet.Leader(c.DNS)
			if s, err := c.Identity.Session(pod); err != nil {
				out = err.Error()
			} else {
				out = s.ARN
			}
		})
		return out
	}
	h.Release("one", "dns", kubetest.ExternalDNSChart(h, "one", nil))
	if got := who(); !strings.Contains(got, "no EC2 IMDS role found") {
		t.Errorf("without an association and one hop: %s", got)
	}
	h.AWS("aws:ec2/launchTemplate:LaunchTemplate", "template",
		engine.Props{"metadataOptions": engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 2}})
	nodes := h.Inputs("one.nodes")
	nodes["launchTemplate"] = engine.Props{"id": h.ID("template"), "version": "1"}
	h.Down("dns", "one.nodes")
	h.AWS("aws:eks/nodeGroup:NodeGroup", "one.nodes", nodes)
	h.Release("one", "dns", kubetest.ExternalDNSChart(h, "one", nil))
	if got := who(); !strings.Contains(got, ":assumed-role/one.node-role") {
		t.Errorf("without an association and two hops: %s", got)
	}
}
