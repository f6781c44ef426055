package call_test

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
)

// loki is a pair of clusters whose second application answers 404 on /.
func loki(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewPair(t)
	h.Down("eks-two.auth", "eks-two.route", "eks-two.service", "eks-two.deployment")
	h.Apply("eks-two", "eks-two.deployment", strings.NewReplacer("public.ecr.aws/x2j8p8w7/http-server:latest", "docker.io/grafana/loki:3.5.0",
		"containerPort: 8090", "containerPort: 3100").Replace(kubetest.Deployment("demo-two-v1", "apps")))
	h.Apply("eks-two", "eks-two.service", strings.Replace(kubetest.Service("demo-two-v1", "apps"), "targetPort: 8090", "targetPort: 3100", 1))
	h.Apply("eks-two", "eks-two.route", kubetest.HTTPRoute("demo-two", "apps"))
	h.Apply("eks-two", "eks-two.auth", kubetest.AuthPolicy("demo-two", "apps", "eks-one"))
	return h
}

func TestHealthChecks(t *testing.T) {
	t.Parallel()
	h := loki(t)
	for _, c := range []struct {
		policy, warns string // empty: none
	}{
		{"", "passes the health check / for 200"},
		{"healthCheck: {path: /ready}", ""},
		{"healthCheck: {enabled: false}", ""},
		{`healthCheck: {statusMatch: "200-299,404"}`, ""},
		{"healthCheck: {path: /other}", "passes the health check /other for 200"},
		{"healthCheck: {port: 3101, path: /closed}", "passes the health check /closed for 200"},
		{`healthCheck: {path: /ready, statusMatch: "204"}`, "passes the health check /ready for 204"},
		{"protocolVersion: HTTP2", ""}, // has no health check by default, and a target group of its own
	} {
		before := len(h.Clusters.Warnings())
		if c.policy != "" {
			h.Apply("eks-two", "policy", kubetest.TargetGroupPolicy("demo-two-v1", "apps", c.policy))
		}
		// VPC Lattice fails open, so requests arrive.
		decides(h, step{c.policy, nil, kubetest.Demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
		if c.policy != "" {
			h.Down("policy")
		}
		warnings := h.Clusters.Warnings()
		found := slices.ContainsFunc(warnings, func(w law.Warning) bool {
			return w.Law == call.LawHealth && strings.Contains(w.Message, c.warns)
		})
		if c.warns == "" && len(warnings) != before || c.warns != "" && !found {
			t.Errorf("%s: warnings %v, want one with %q", c.policy, warnings, c.warns)
		}
	}
}
