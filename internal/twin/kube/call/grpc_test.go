package call_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
)

// A GRPCRoute leads calls of its service to the pods. Clients read refusals as
// gRPC errors.
func TestGRPC(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	const url = "grpc://demo-two.example.com/helloworld.Greeter/SayHello"
	decides(h, step{"gRPC to HTTP/1.1 targets", nil, kubetest.Demo, url, call.StepTarget, 502, "rpc error: code = Unavailable",
		law.Law{}})
	h.Down("eks-two.auth", "eks-two.route")
	h.Apply("eks-two", "eks-two.route", kubetest.GRPCRoute("demo-two", "apps", "helloworld.Greeter"))
	h.Apply("eks-two", "auth", strings.Replace(kubetest.AuthPolicy("demo-two", "apps", "eks-one"), "kind: HTTPRoute", "kind: GRPCRoute", 1))
	other := kubetest.Demo
	other.Namespace, other.Deployment, other.Injected = "elsewhere", "", true
	for _, c := range []step{
		{"allowed", nil, kubetest.Demo, url, call.StepServicePolicy, 200, "Hello", law.Law{}},
		{"another namespace", nil, other, url, call.StepServicePolicy, 403, "rpc error: code = PermissionDenied", law.Law{}},
		{"another service", nil, kubetest.Demo, "grpc://demo-two.example.com/health.v1.Health/Check", call.StepTarget, 404,
			"rpc error: code = Unimplemented", law.Law{}},
		{"plain HTTP", nil, kubetest.Demo, "http://demo-two.example.com/helloworld.Greeter/SayHello", call.StepTarget, 404, "Not Found",
			law.Law{}},
		{"no name", nil, kubetest.Demo, "grpc://nobody.example.com/helloworld.Greeter/SayHello", call.StepDNS, 0,
			"rpc error: code = Unavailable desc = connection error", call.LawName},
	} {
		decides(h, c)
	}
}
