package admission_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubetest"
)

// Kyverno's own hooks delete its webhooks; those that stay select only what they
// name.
func TestLeftWebhooks(t *testing.T) {
	t.Parallel()
	for _, without := range []bool{false, true} {
		h, err := leaves(t, engine.Props{"disableWebhooks": without})
		if (err != nil) != without {
			t.Errorf("without hooks: %v, the application: %v", without, err)
		}
		h.Apply("eks-one", "plain", kubetest.Namespace("plain"))
		h.Apply("eks-one", "outside", kubetest.Deployment("outside", "plain"))
		h.Apply("eks-one", "unasked", strings.Replace(kubetest.Deployment("unasked", "apps"), "agent-inject", "other", 1))
	}
}
