package gatewaycontroller_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

func network(h *kubetest.Harness) *vpclattice.ServiceNetwork {
	h.T.Helper()
	var out *vpclattice.ServiceNetwork
	h.World.Look(func() {
		list, err := h.Account.Lattice("").FindServiceNetworks(h.Account.Caller(""), "lattice-gateway")
		if err != nil || len(list) != 1 {
			h.T.Fatalf("%d networks: %v", len(list), err)
		}
		out = list[0]
	})
	return out
}

// condition is one condition of an object of eks-one.
func condition(h *kubetest.Harness, kind, namespace, name, condition string) (status, reason string) {
	h.T.Helper()
	group := gatewaycontroller.GatewayGroup
	if kind == "IAMAuthPolicy" {
		group = gatewaycontroller.LatticeGroup
	}
	for _, c := range obj.Maps(h.Object("eks-one", group, kind, namespace, name), "status", "conditions") {
		if obj.Str(c, "type") == condition {
			return obj.Str(c, "status"), obj.Str(c, "reason")
		}
	}
	h.T.Fatalf("%s %s/%s has no condition %s", kind, namespace, name, condition)
	return "", ""
}

// newUnattached returns a harness with a route that the Gateway does not take.
func newUnattached(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewPlatform(t)
	h.Apply("eks-one", "apps", kubetest.Namespace("apps")) // without the label
	h.Apply("eks-one", "route", waitless)
	return h
}

// newWithoutDNSEndpoint returns a harness whose controller started before the CRD
// of DNSEndpoints was there.
func newWithoutDNSEndpoint(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.NewCluster(t, "eks-one")
	for name, text := range kubetest.Definitions(t) {
		if name != "dnsendpoints" {
			h.Apply("eks-one", name, text)
		}
	}
	h.Apply("eks-one", "ns", kubetest.Namespace("aws-application-networking-system"))
	h.Apply("eks-one", "ns-gateway", kubetest.Namespace("lattice-gateway"))
	h.Apply("eks-one", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
	kubetest.Role(h, "lattice", "vpc-lattice:*", "tag:*")
	kubetest.Associate(h, "eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
	h.Release("eks-one", "lattice", kubetest.LatticeChart(h, "eks-one", nil))
	h.Apply("eks-one", "class", kubetest.GatewayClass)
	h.Apply("eks-one", "gateway", strings.Replace(kubetest.Gateway, "CERTIFICATE", h.Output("certificate", "arn"), 1))
	return h
}

// A restarted controller finds the CRD that came after its first start.
func TestDNSEndpointAfterRestart(t *testing.T) {
	t.Parallel()
	h := newWithoutDNSEndpoint(t)
	h.Apply("eks-one", "dnsendpoints", kubetest.Definitions(t)["dnsendpoints"])
	h.Down("lattice")
	h.Release("eks-one", "lattice", kubetest.LatticeChart(h, "eks-one", nil))
	h.Apply("eks-one", "route", kubetest.HTTPRoute("demo", "apps"))
	if h.Object("eks-one", "externaldns.k8s.io", "DNSEndpoint", "apps", "demo-dns") == nil {
		t.Error("the restarted controller creates no DNSEndpoint")
	}
}

// The targets of a route are the pods behind its Service.
func TestTargets(t *testing.T) {
	t.Parallel()
	h := kubetest.NewApp(t)
	var pods []string
	h.World.Look(func() {
		groups, err := h.Account.Lattice("").Routing().TargetGroups(h.Account.Caller(""))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			for _, target := range g.Targets {
				pods = append(pods, target.Pod)
			}
		}
	})
	if len(pods) != 2 || !strings.HasPrefix(pods[0], "eks-one/apps/demo-one-v1-") {
		t.Errorf("the targets are %v", pods)
	}
}

// A route of another name is no conflict, and one in conflict says so.
func TestRoutesOfTwoClusters(t *testing.T) {
	t.Parallel()
	h := kubetest.NewApp(t)
	kubetest.Platform(h, "eks-two")
	h.Apply("eks-two", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
	h.Apply("eks-two", "service", strings.Replace(kubetest.Service("demo-one-v1", "apps"), "namespace: apps",
		`namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1))
	h.Apply("eks-two", "route", strings.Replace(kubetest.HTTPRoute("demo-one", "apps"), "pulumi.com/waitFor", "example.com/none", 1))
	status := obj.Maps(h.Object("eks-two", gatewaycontroller.GatewayGroup, "HTTPRoute", "apps", "demo-one"), "status", "parents")
	if len(status) == 0 || obj.Str(obj.Maps(status[0], "conditions")[0], "reason") != "Conflicted" {
		t.Errorf("the route's status is %v", status)
	}
	h.Down("route")
	h.Apply("eks-two", "route", strings.ReplaceAll(strings.Replace(kubetest.HTTPRoute("demo-one", "apps"), "name: demo-one,",
		"name: demo-two,", 1), "demo-one.example", "demo-two.example"))
	if h.Object("eks-one", gatewaycontroller.GatewayGroup, "HTTPRoute", "apps", "demo-one") == nil {
		t.Error("the first cluster's route is gone")
	}
}

// What a route's deletion depends on, and what happens without class or nodes.
func TestRouteDeletion(t *testing.T) {
	t.Parallel()
	for part, broken := range map[string]law.Law{"class": gatewaycontroller.LawRouteParent, "nodes": podidentity.LawControllerRuns} {
		h := kubetest.NewApp(t)
		h.Down(kubetest.Part("eks-one", part))
		h.Refused(h.Delete("eks-one.route"), broken)
	}
	h := kubetest.NewApp(t)
	h.Down("eks-one.auth", "eks-one.route")
	for _, on := range []string{"class", "gateway", "lattice", "nodes", "nat", "eks-pod-identity-agent",
		"identity-aws-application-networking-system-gateway-api-controller", "external-dns"} {
		if !h.Depends("eks-one.route", kubetest.Part("eks-one", on), world.Delete) {
			t.Errorf("the route's deletion does not depend on %s", on)
		}
	}
}

// Nobody works on a class before its controller runs, and the class depends on it.
func TestClassBeforeItsController(t *testing.T) {
	t.Parallel()
	h := kubetest.NewCluster(t, "eks-one")
	kubetest.CRDs(h, "eks-one")
	h.Refused(h.TryApply("eks-one", "early", kubetest.GatewayClass), podidentity.LawControllerRuns,
		"'amazon-vpc-lattice' timed out waiting to be Ready", "Waiting for condition=Accepted")
	h = kubetest.NewPlatform(t)
	if !h.Depends("eks-one.class", "eks-one.lattice", world.Create) {
		t.Error("the class does not depend on the controller")
	}
}

// The route's own event makes the controller apply a policy that it had swallowed.
func TestAuthPolicyAfterItsService(t *testing.T) {
	t.Parallel()
	h := newUnattached(t)
	policy := kubetest.AuthPolicy("demo", "apps", "eks-two")
	_ = h.TryApply("eks-one", "policy", policy) // it has no effect yet
	h.Refused(h.TryApply("eks-one", "section", strings.NewReplacer("name: demo}", "name: demo, sectionName: http}",
		"name: demo-iam-auth-policy", "name: section").Replace(policy)),
		api.LawValid, "sectionName")
	news := h.Inputs("apps")
	obj.Set(news, "true", "metadata", "labels", "allow-attachment-to-infra-gw")
	h.Update("apps", news)
	live := h.Object("eks-one", gatewaycontroller.LatticeGroup, "IAMAuthPolicy", "apps", "demo-iam-auth-policy")
	if obj.Str(live, "metadata", "annotations", gatewaycontroller.PolicyResourceID) == "" {
		t.Error("the policy is not applied after the route has its service")
	}
	h.Down("policy", "route")
	h = kubetest.NewApp(t)
	if !h.Depends("eks-one.auth", "eks-one.route", world.Create) {
		t.Error("the policy does not depend on its route")
	}
}

// The default service network is a thing of the controller's start, and of nobody
// afterwards.
func TestDefaultNetwork(t *testing.T) {
	t.Parallel()
	h := kubetest.New(t)
	kubetest.Cluster(h, "eks-one")
	kubetest.CRDs(h, "eks-one")
	h.Apply("eks-one", "ns", kubetest.Namespace("aws-application-networking-system"))
	kubetest.Role(h, "lattice", "vpc-lattice:*", "ec2:*", "tag:*")
	kubetest.Associate(h, "eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
	h.Release("eks-one", "lattice", kubetest.LatticeChart(h, "eks-one", engine.Props{"defaultServiceNetwork": "lattice-gateway"}))
	sn := network(h)
	if sn.Tags[gatewaycontroller.ManagedByTag] != "123456789012/eks-one/"+h.ID("eks-one.vpc") || sn.AuthType != lattice.AuthNone {
		t.Errorf("the network has tags %v and auth type %s", sn.Tags, sn.AuthType)
	}
	h.Down("lattice")
	if left := strings.Join(h.Account.Leftovers(), "\n"); !strings.Contains(left, sn.ID) {
		t.Errorf("the network is not left over: %s", left)
	}
}
