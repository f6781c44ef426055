package call_test

import (
	"maps"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/kubetest"
)

// New nodes take over the pods of the old ones, and calls reach them.
func TestCallsAfterNodesWereReplaced(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	h.Account.EKS.Publish()
	for _, cluster := range []string{"eks-one", "eks-two"} {
		before := podURL(h, cluster, "demo-"+strings.TrimPrefix(cluster, "eks-")+"-v1")
		in := maps.Clone(h.Inputs(kubetest.Part(cluster, "nodes")))
		in["releaseVersion"] = "1.35.1-20260901"
		h.Update(kubetest.Part(cluster, "nodes"), in)
		if after := podURL(h, cluster, "demo-"+strings.TrimPrefix(cluster, "eks-")+"-v1"); after == before {
			t.Errorf("the pod of %s is still at %s", cluster, after)
		}
	}
	if r := h.Call(kubetest.Demo, demoTwo); !r.Allowed {
		t.Errorf("the call came to %+v", r)
	}
}
