package admission_test

import (
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

// leaves uninstalls Kyverno and deploys an application that its webhook selects.
func leaves(t *testing.T, inputs engine.Props) (*kubetest.Harness, error) {
	t.Helper()
	h := kubetest.NewKyverno(t, inputs)
	h.Apply("eks-one", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
	h.Apply("eks-one", "policy", kubetest.InjectionPolicy)
	h.Down("kyverno")
	return h, h.TryApply("eks-one", "app", kubetest.Deployment("demo", "apps"))
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{{Law: admission.LawDeadWebhooks, Break: func(t *testing.T) law.Law {
		t.Helper()
		h, err := leaves(t, engine.Props{"disableWebhooks": true})
		return h.Refused(err, admission.LawDeadWebhooks,
			"Internal error occurred: failed calling webhook \"mpol.validate.kyverno.svc-fail-finegrained-inject\": "+
				"failed to call webhook: Post \"https://kyverno-svc.kyverno.svc:443", `service "kyverno-svc" not found`)
	}}})
}
