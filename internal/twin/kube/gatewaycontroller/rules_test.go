package gatewaycontroller_test

import (
	"fmt"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/kubetest"
)

// What the controller does not build a rule for.
func TestUnsupportedMatches(t *testing.T) {
	t.Parallel()
	h := newApps(t)
	headers := strings.Repeat("{name: N, value: a}, ", 6)
	for n := range 6 {
		headers = strings.Replace(headers, "N", fmt.Sprintf("x-%d", n), 1)
	}
	for match, why := range map[string]string{
		"{path: {type: RegularExpression, value: /a.*}}":                  "LATTICE_UNSUPPORTED_PATH_MATCH_TYPE",
		"{queryParams: [{name: q, value: a}]}":                            "LATTICE_UNSUPPORTED_MATCH_TYPE",
		"{headers: [{name: x-env, value: a.*, type: RegularExpression}]}": "LATTICE_UNSUPPORTED_HEADER_MATCH_TYPE",
		"{headers: [" + headers + "]}":                                    "LATTICE_EXCEED_MAX_HEADER_MATCHES",
	} {
		route := strings.Replace(kubetest.HTTPRoute("demo", "apps"), "{path: {type: PathPrefix, value: /}}", match, 1)
		h.Refused(h.TryApply("eks-one", "route", route), gatewaycontroller.LawRouteMatch, why)
		h.Down("route")
	}
}

// The first rule that matches wins, and of two with the same match the later one.
func TestOrderOfRules(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	h.Apply("eks-one", "v2", kubetest.Deployment("demo-one-v2", "apps"))
	h.Apply("eks-one", "v2-service", kubetest.Service("demo-one-v2", "apps"))
	rule := func(match, version string) string {
		return "\n  - {matches: [" + match + "], backendRefs: [{name: demo-one-" + version + ", port: 80}]}"
	}
	h.Down("eks-one.auth", "eks-one.route")
	route, _, _ := strings.Cut(kubetest.HTTPRoute("demo-one", "apps"), "  rules:")
	h.Apply("eks-one", "route", route+"  rules:"+
		rule("{path: {type: PathPrefix, value: /new}}", "v1")+
		rule("{path: {type: PathPrefix, value: /new}}", "v2")+
		rule("{path: {type: Exact, value: /new/old}}", "v1")+
		rule("{headers: [{name: x-version, value: two}]}", "v2")+
		rule("{path: {type: PathPrefix, value: /}, method: GET}", "v1"))
	h.Apply("eks-one", "auth", kubetest.AuthPolicy("demo-one", "apps", "eks-two"))
	caller := call.Caller{Cluster: "eks-two", Namespace: "apps", Deployment: "demo-two-v1"}
	for _, c := range []struct {
		asked call.Request
		want  string
	}{
		{call.Request{Method: "GET", URL: "/"}, "v1"},
		{call.Request{Method: "GET", URL: "/new"}, "v2"},
		{call.Request{Method: "GET", URL: "/new/old"}, "v2"},
		{call.Request{Method: "POST", URL: "/", Headers: map[string]string{"X-Version": "two"}}, "v2"},
		{call.Request{Method: "POST", URL: "/"}, "Not Found"},
	} {
		c.asked.URL = "http://demo-one.example.com" + c.asked.URL
		got, err := call.Send(h.Clusters, caller, c.asked)
		if err != nil || !strings.HasSuffix(got.Body, c.want) {
			t.Errorf("%+v: %+v %v", c.asked, got, err)
		}
	}
}

// A route of another kind cannot have the service of a route.
func TestRoutesOfTwoKinds(t *testing.T) {
	t.Parallel()
	h := kubetest.NewApp(t)
	route := kubetest.GRPCRoute("demo-one", "apps", "demo.Greeter")
	h.Refused(h.TryApply("eks-one", "grpc", route), gatewaycontroller.LawRouteConflict, "conflicting service name")
	h.Down("grpc", "eks-one.auth", "eks-one.route")
	h.Apply("eks-one", "grpc", route)
}
