package gatewaycontroller_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

// waitless is a route that nobody waits for.
var waitless = strings.Replace(kubetest.HTTPRoute("demo", "apps"), "pulumi.com/waitFor", "example.com/none", 1)

// newApps returns a harness with a platform, and a namespace whose routes the
// Gateway takes, with a Service for the route "demo".
func newApps(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewPlatform(t)
	h.Apply("eks-one", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
	h.Apply("eks-one", "service", strings.Replace(kubetest.Service("demo-v1", "apps"), "namespace: apps",
		`namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1))
	return h
}

// refuses applies a changed route, and then the right one.
func refuses(broken law.Law, words string, replace ...string) func(*testing.T) law.Law {
	return func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		met := h.Refused(h.TryApply("eks-one", "route", strings.NewReplacer(replace...).Replace(kubetest.HTTPRoute("demo", "apps"))), broken,
			words)
		h.Down("route")
		h.Apply("eks-one", "route", kubetest.HTTPRoute("demo", "apps"))
		return met
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, starts, gateways, routes, policies)
}

// starts are the laws of the controller's start.
var starts = []lawtest.Counterexample{
	{Law: gatewaycontroller.LawCRDs, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewCluster(t, "one")
		h.Apply("one", "ns", kubetest.Namespace("aws-application-networking-system"))
		return h.Refused(h.TryRelease("one", "lattice", kubetest.LatticeChart(h, "one", nil)), gatewaycontroller.LawCRDs,
			"required CRD not found", `no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"`)
	}},
	{Law: gatewaycontroller.LawConfig, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewCluster(t, "one")
		kubetest.CRDs(h, "one")
		h.Apply("one", "ns", kubetest.Namespace("aws-application-networking-system"))
		return h.Refused(h.TryRelease("one", "lattice", kubetest.LatticeChart(h, "one", engine.Props{"awsRegion": ""})),
			gatewaycontroller.LawConfig,
			"failed to become available within allocated timeout", "EC2MetadataError")
	}},
	{Law: gatewaycontroller.LawDefaultNetwork, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.New(t)
		kubetest.Cluster(h, "eks-one")
		kubetest.CRDs(h, "eks-one")
		h.Apply("eks-one", "ns", kubetest.Namespace("aws-application-networking-system"))
		h.Release("eks-one", "lattice", kubetest.LatticeChart(h, "eks-one", engine.Props{"defaultServiceNetwork": "lattice-gateway"}))
		warnings := h.Clusters.Warnings()
		if len(warnings) == 0 || !strings.Contains(warnings[0].Message,
			"could not setup default service network lattice-gateway, proceeding without it") {
			t.Fatalf("warnings: %v", warnings)
		}
		return warnings[0].Law
	}},
	{Law: gatewaycontroller.LawDNSEndpoint, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newWithoutDNSEndpoint(t)
		h.Apply("eks-one", "dnsendpoints", kubetest.Definitions(t)["dnsendpoints"])
		h.Apply("eks-one", "route", kubetest.HTTPRoute("demo", "apps"))
		if h.Object("eks-one", "externaldns.k8s.io", "DNSEndpoint", "apps", "demo-dns") != nil {
			t.Fatal("the controller creates DNSEndpoints although their CRD came after it")
		}
		return h.Trouble("eks-one", gatewaycontroller.GatewayGroup, "HTTPRoute", "apps", "demo")
	}},
}

var gateways = []lawtest.Counterexample{
	{Law: gatewaycontroller.LawClass, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewPlatform(t)
		other := strings.NewReplacer("controllerName: application-networking.k8s.aws/", "controllerName: example.com/",
			"name: amazon-vpc-lattice", "name: other").Replace(kubetest.GatewayClass)
		return h.Refused(h.TryApply("eks-one", "other", other), gatewaycontroller.LawClass, "example.com/gateway-api-controller")
	}},
	// A Gateway that comes before its service network stays as it is: the
	// controller does not look again.
	{Law: gatewaycontroller.LawNetwork, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewPlatform(t)
		other := strings.Replace(kubetest.Gateway, "name: lattice-gateway,", "name: other-network,", 1)
		met := h.Refused(h.TryApply("eks-one", "other", other), gatewaycontroller.LawNetwork,
			"Waiting for condition=Programmed", "VPC Lattice Service Network not found")
		h.AWS("aws:vpclattice/serviceNetwork:ServiceNetwork", "other-network", engine.Props{"name": "other-network", "authType": "AWS_IAM"})
		h.Apply("eks-one", "event", kubetest.Namespace("event"))
		if status, reason := condition(h, "Gateway", "lattice-gateway", "other-network", "Programmed"); status != "False" || reason != "Pending" {
			t.Fatalf("the controller looked again: %s %s", status, reason)
		}
		h.Down("other")
		h.Apply("eks-one", "other", other)
		if !h.Depends("other", "other-network", world.Create) {
			t.Error("the Gateway does not depend on the network")
		}
		return met
	}},
	{Law: gatewaycontroller.LawGatewayRoutes, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		h.Apply("eks-one", "route", waitless)
		return h.Refused(h.Delete("eks-one.gateway"), gatewaycontroller.LawGatewayRoutes,
			"cannot delete gateway lattice-gateway/lattice-gateway - found referencing route apps/demo")
	}},
	{Law: gatewaycontroller.LawCertificateFound, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		h.Down("eks-one.gateway")
		// The option of another key leaves the certificate to discovery.
		gateway := strings.NewReplacer("CERTIFICATE", "x", "application-networking.k8s.aws/certificate-arn",
			"example.com/option").Replace(kubetest.Gateway)
		h.Apply("eks-one", "gateway", strings.Replace(gateway, "*.example.com", "*.example.org", 1))
		met := h.Refused(h.TryApply("eks-one", "route",
			strings.Replace(kubetest.HTTPRoute("demo", "apps"), "demo.example.com", "demo.example.org", 1)),
			gatewaycontroller.LawCertificateFound, "certificate not found for hostname demo.example.org")
		h.Down("route", "gateway")
		h.Apply("eks-one", "gateway", gateway)
		h.Apply("eks-one", "route", kubetest.HTTPRoute("demo", "apps"))
		return met
	}},
}

var routes = []lawtest.Counterexample{
	{Law: gatewaycontroller.LawRouteParent, Break: refuses(gatewaycontroller.LawRouteParent, "no Gateway of class",
		"name: lattice-gateway, namespace: lattice-gateway,", "name: absent, namespace: lattice-gateway,")},
	{Law: gatewaycontroller.LawRouteListener, Break: refuses(gatewaycontroller.LawRouteListener, `no listener "`,
		"sectionName: http-listener", "sectionName: none", "sectionName: https-listener-with-custom-domain", "sectionName: other")},
	{Law: gatewaycontroller.LawRouteHostname, Break: refuses(gatewaycontroller.LawRouteHostname,
		"No matching listener hostname for this route",
		"demo.example.com", "demo.example.org", "  - {name: lattice-gateway, namespace: lattice-gateway, sectionName: http-listener}\n", "")},
	{Law: gatewaycontroller.LawRouteMatch, Break: refuses(gatewaycontroller.LawRouteMatch, "LATTICE_NO_SUPPORT_FOR_MULTIPLE_MATCHES",
		"matches: [", "matches: [{path: {type: Exact, value: /a}}, ")},
	{Law: gatewaycontroller.LawRouteKind, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		return h.Refused(h.TryApply("eks-one", "route", strings.Replace(kubetest.GRPCRoute("demo", "apps", "demo.Greeter"),
			"https-listener-with-custom-domain", "http-listener", 1)), gatewaycontroller.LawRouteKind, "No matching listeners allow this route")
	}},
	{Law: gatewaycontroller.LawRouteAllowed, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewPlatform(t)
		h.Apply("eks-one", "apps", kubetest.Namespace("apps")) // without the label
		return h.Refused(h.TryApply("eks-one", "route", kubetest.HTTPRoute("demo", "apps")), gatewaycontroller.LawRouteAllowed,
			"'demo' timed out waiting to be Ready", "No matching listeners allow this route. Check Gateway listener allowedRoutes policies")
	}},
	// Two clusters cannot have a route of the same name and namespace.
	{Law: gatewaycontroller.LawRouteConflict, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewApp(t)
		kubetest.Platform(h, "eks-two")
		h.Apply("eks-two", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
		h.Apply("eks-two", "service", strings.Replace(kubetest.Service("demo-one-v1", "apps"), "namespace: apps",
			`namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1))
		return h.Refused(h.TryApply("eks-two", "route", kubetest.HTTPRoute("demo-one", "apps")), gatewaycontroller.LawRouteConflict,
			"service apps/demo-one had a conflict: Found existing resource not owned by controller: arn:aws:vpc-lattice:")
	}},
	{Law: gatewaycontroller.LawRouteBackend, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewApp(t)
		return h.Reason("eks-one.route", "eks-one.deployment", world.Create, gatewaycontroller.LawRouteBackend)
	}},
	{Law: gatewaycontroller.LawGroupsCollected, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewApp(t)
		h.Down("eks-one.auth", "eks-one.route")
		if after := h.After("eks-one.route", "eks-one.lattice", world.Delete, gatewaycontroller.LawGroupsCollected); after != 60 {
			t.Fatalf("the controller has to outlive the route by %g s", after)
		}
		return h.Reason("eks-one.route", "eks-one.lattice", world.Delete, gatewaycontroller.LawGroupsCollected)
	}},
}

var policies = []lawtest.Counterexample{
	{Law: gatewaycontroller.LawPolicyTarget, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		return h.Refused(h.TryApply("eks-one", "policy", kubetest.AuthPolicy("demo", "apps", "eks-two")), gatewaycontroller.LawPolicyTarget,
			"targetRef HTTPRoute apps/demo not found")
	}},
	{Law: gatewaycontroller.LawPolicyService, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newUnattached(t)
		met := h.Refused(h.TryApply("eks-one", "policy", kubetest.AuthPolicy("demo", "apps", "eks-two")), gatewaycontroller.LawPolicyService,
			"iam-auth-policy-resource-id", "NotFound: Service demo-apps not found")
		if status, _ := condition(h, "IAMAuthPolicy", "apps", "demo-iam-auth-policy", "Accepted"); status != "True" {
			t.Fatal("a policy without effect is not called accepted")
		}
		return met
	}},
	// On its way out it waits for a service that nobody creates.
	{Law: gatewaycontroller.LawPolicyStays, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newUnattached(t)
		_ = h.TryApply("eks-one", "policy", kubetest.AuthPolicy("demo", "apps", "eks-two")) // it has no effect
		met := h.Refused(h.Delete("policy"), gatewaycontroller.LawPolicyStays, `IAMAuthPolicy "apps/demo-iam-auth-policy"`,
			"finalizers might be preventing deletion (application-networking.k8s.aws/iam-auth-policy)", "NotFound")
		h.Down("route", "policy")
		return met
	}},
	{Law: gatewaycontroller.LawTargetGroupPolicy, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		policy := kubetest.TargetGroupPolicy("demo-v1", "apps", "healthCheck: {enabled: true}")
		met := h.Refused(h.TryApply("eks-one", "early", strings.ReplaceAll(policy, "demo-v1", "other")), gatewaycontroller.LawTargetGroupPolicy,
			"Waiting for condition=Accepted", "targetRef not found, target=apps/other")
		h.Apply("eks-one", "policy", policy)
		if got := h.Refused(h.TryApply("eks-one", "second", strings.Replace(policy, "name: demo-v1", "name: second", 1)),
			gatewaycontroller.LawTargetGroupPolicy, "policy=demo-v1"); got != met {
			t.Errorf("a second policy breaks %v", got)
		}
		return met
	}},
	{Law: gatewaycontroller.LawPolicyKept, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		h.Apply("eks-one", "route", waitless)
		h.Apply("eks-one", "policy", kubetest.AuthPolicy("demo", "apps", "eks-two"))
		in := h.Inputs("policy")
		spec := in["spec"].(map[string]any)
		spec["policy"] = spec["policy"].(string) + strings.Repeat(" ", 10000)
		h.Update("policy", in) // succeeds
		if got := h.Clusters.Warnings(); len(got) == 1 && strings.Contains(got[0].Message, "the former policy stays") {
			return got[0].Law
		}
		return law.Law{}
	}},
	{Law: gatewaycontroller.LawPolicyConflict, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := newApps(t)
		policy := kubetest.AuthPolicy("demo", "apps", "eks-two")
		h.Apply("eks-one", "route", waitless)
		h.Apply("eks-one", "policy", policy)
		return h.Refused(h.TryApply("eks-one", "second", strings.Replace(policy, "name: demo-iam-auth-policy", "name: second", 1)),
			gatewaycontroller.LawPolicyConflict, "policy conflicts with demo-iam-auth-policy")
	}},
	// Two clusters that put the policy of their common service network undo each
	// other: the first to go opens the network for everybody.
	{Law: gatewaycontroller.LawPolicyOpens, Break: func(t *testing.T) law.Law {
		t.Helper()
		h := kubetest.NewPlatform(t)
		kubetest.Platform(h, "eks-two")
		onGateway := strings.NewReplacer("kind: HTTPRoute, name: demo", "kind: Gateway, name: lattice-gateway", "namespace: apps",
			"namespace: lattice-gateway").
			Replace(kubetest.AuthPolicy("demo", "apps", "eks-two"))
		h.Apply("eks-one", "one-policy", onGateway)
		h.Apply("eks-two", "two-policy", onGateway)
		if sn := network(h); sn.AuthType != lattice.AuthIAM || !strings.Contains(sn.Policy, "eks-two") {
			t.Fatalf("the network has auth type %s and policy %s", sn.AuthType, sn.Policy)
		}
		h.Down("one-policy")
		if sn := network(h); sn.AuthType != lattice.AuthNone || sn.Policy != "" {
			t.Fatalf("after one cluster went the network has auth type %s and policy %q", sn.AuthType, sn.Policy)
		}
		warnings := h.Clusters.Warnings()
		if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "with auth type NONE, open to everybody") {
			t.Fatalf("warnings: %v", warnings)
		}
		return warnings[0].Law
	}},
}
