package call_test

import (
	"strings"
	"testing"
	"time"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

// demoTwo is the application that the calls go to.
const demoTwo = "http://demo-two.example.com"

// refuses makes a call that does not get through, and returns the law that it met.
func refuses(step string, prepare func(*kubetest.Harness), caller call.Caller, word string) func(*testing.T) law.Law {
	return func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewPair(t)
		prepare(h)
		r := h.Call(caller, demoTwo)
		if r.Allowed || r.DecidedBy != step || !strings.Contains(r.Body, word) {
			t.Fatalf("the call came to %+v", r)
		}
		return r.Law
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: call.LawName, Break: refuses(call.StepDNS, func(h *kubetest.Harness) { h.Down("eks-one.zone") }, kubetest.Demo,
			"Could not resolve host: demo-two.example.com")},
		{Law: call.LawRedirect, Break: refuses(call.StepRedirect, func(h *kubetest.Harness) {
			h.Apply("eks-one", "bare", uninjected("bare", "  -d 169.254.171.0/24"))
		}, podOf("bare"), "Connection refused")},
		{Law: call.LawTLS, Break: refuses(call.StepTLS, func(h *kubetest.Harness) {
			h.Down("eks-one.deployment", "eks-one.proxy")
			kubetest.ProxyConfig(h, "eks-one", kubetest.OtherCA)
			h.Apply("eks-one", "deployment", kubetest.Deployment("demo-one-v1", "apps"))
		}, kubetest.Demo, "CERTIFICATE_VERIFY_FAILED")},
		{Law: call.LawExpired, Break: refuses(call.StepTLS, func(h *kubetest.Harness) {
			h.World.Look(func() { h.World.Forward(400 * 24 * time.Hour) })
		}, kubetest.Demo, "certificate has expired")},
		{Law: call.LawHealth, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := loki(t)
			h.Call(kubetest.Demo, demoTwo)
			if got := h.Clusters.Warnings(); len(got) == 1 {
				return got[0].Law
			}
			return law.Law{}
		}},
		{Law: call.LawSignatureScope, Break: refuses(call.StepSignature, func(h *kubetest.Harness) {
			proxyWith(h, "region: ap-northeast-2}", "region: us-east-1}")
		}, kubetest.Demo, "Credential should be scoped to a valid region, not 'us-east-1'.")},
		{Law: call.LawSignature, Break: refuses(call.StepSignature, func(h *kubetest.Harness) {
			h.Apply("eks-one", "bare", strings.Replace(kubetest.Deployment("bare", "apps"), "agent-inject", "none", 1))
		}, podOf("bare"), "User: anonymous is not authorized")},
		{Law: call.LawTargetPort, Break: refuses(call.StepTarget, func(h *kubetest.Harness) {
			h.Down("eks-two.service")
			h.Apply("eks-two", "service", strings.Replace(kubetest.Service("demo-two-v1", "apps"), "targetPort: 8090", "targetPort: 8080", 1))
		}, kubetest.Demo, "nothing listens on port 8080 of pod demo-two-v1")},
	})
}
