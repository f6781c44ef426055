package call_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
)

// Loki answers 404 on /, so a route to it works only with a health check of its own.
func TestHealthChecks(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	h.Down("eks-two.auth", "eks-two.route", "eks-two.service", "eks-two.deployment")
	h.Apply("eks-two", "eks-two.deployment", strings.NewReplacer("public.ecr.aws/x2j8p8w7/http-server:latest", "docker.io/grafana/loki:3.5.0",
		"containerPort: 8090", "containerPort: 3100").Replace(kubetest.Deployment("demo-two-v1", "apps")))
	h.Apply("eks-two", "eks-two.service", strings.Replace(kubetest.Service("demo-two-v1", "apps"), "targetPort: 8090", "targetPort: 3100", 1))
	h.Apply("eks-two", "eks-two.route", kubetest.HTTPRoute("demo-two", "apps"))
	h.Apply("eks-two", "eks-two.auth", kubetest.AuthPolicy("demo-two", "apps", "eks-one"))
	refused := step{"/ is 404", nil, kubetest.Demo, "", call.StepTarget, 503, "Service Unavailable", vpclattice.LawHealth}
	answered := func(what string) step {
		return step{what, nil, kubetest.Demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}}
	}
	decides(h, refused)
	for _, check := range []string{"path: /ready", "enabled: false", `statusMatch: "200-299,404"`} {
		h.Apply("eks-two", "policy", kubetest.TargetGroupPolicy("demo-two-v1", "apps", "healthCheck: {"+check+"}"))
		decides(h, answered(check))
		h.Down("policy")
	}
	decides(h, refused)
	for _, check := range []string{"path: /other", "port: 3101, path: /ready", `path: /ready, statusMatch: "204"`} {
		h.Apply("eks-two", "policy", kubetest.TargetGroupPolicy("demo-two-v1", "apps", "healthCheck: {"+check+"}"))
		decides(h, refused)
		h.Down("policy")
	}
	// HTTP2 has no health check by default, and a target group of its own.
	h.Apply("eks-two", "policy", kubetest.TargetGroupPolicy("demo-two-v1", "apps", "protocolVersion: HTTP2"))
	decides(h, answered("HTTP2"))
}
