package blueprint

import "testing"

// Whoever of the controller's objects is deleted in the wrong order never goes.
func TestFinalizers(t *testing.T) {
	t.Parallel()
	route, gateway := "cluster1/"+demo+".route", "cluster1/"+platform+".gateway"
	for name, c := range map[string]struct {
		before []string // removed before
		object string
		law    string
		words  []string
	}{
		"controller before route": {
			[]string{"cluster1/" + controller + ".helm_release"}, route, "controller-must-run",
			[]string{`HTTPRoute "apps/demo-cluster1"`, "httproute.k8s.aws/resources", "no controller runs"},
		},
		"controller's credentials before route": {
			[]string{"cluster1/" + controller + ".aws_eks_pod_identity_association"}, route, "credentials-end-with-the-association",
			[]string{`HTTPRoute "apps/demo-cluster1"`, "failed to load credentials"},
		},
		"nodes before route": {
			[]string{"cluster1/module.eks.aws_eks_node_group"}, route, "controller-must-run",
			[]string{`HTTPRoute "apps/demo-cluster1"`, "no controller runs"},
		},
		"way out before route": {
			[]string{"cluster1/module.vpc.aws_route.private"}, route, "controllers-need-egress",
			[]string{`HTTPRoute "apps/demo-cluster1"`, "no route to 0.0.0.0/0"},
		},
		"class before route": {
			[]string{"cluster1/" + platform + ".gateway_class"}, route, "route-needs-its-gateway",
			[]string{`HTTPRoute "apps/demo-cluster1"`, "the route is not relevant to the controller"},
		},
		"class before Gateway": {
			[]string{"cluster1/" + demo + ".iam_auth_policy", route, "cluster1/" + platform + ".gateway_class"}, gateway,
			"class-is-accepted-by-its-controller",
			[]string{`Gateway "lattice-gateway/lattice-gateway"`, "gateway.k8s.aws/resources", `GatewayClass "amazon-vpc-lattice" does not exist`},
		},
		"controller before Gateway": {
			[]string{"cluster1/" + demo + ".iam_auth_policy", route, "cluster1/" + controller + ".helm_release"}, gateway, "controller-must-run",
			[]string{"gateway.k8s.aws/resources", "no controller runs"},
		},
		"Gateway before route": {
			nil, gateway, "gateway-outlives-its-routes",
			[]string{"gateway.k8s.aws/resources", "cannot delete gateway lattice-gateway/lattice-gateway - found referencing route " +
				"apps/demo-cluster1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPort(t)
			p.upAll("cluster1")
			for _, b := range c.before {
				p.must(p.remove(b))
			}
			p.broke(p.remove(c.object), c.object, c.law, "",
				append(c.words, "timed out waiting for the condition", "finalizers might be preventing deletion")...)
		})
	}
}

// The order that a chart leaves open: Helm deletes a Gateway and its class side
// by side, and whoever loses the race waits for ever.
func TestChartHasNoOrder(t *testing.T) {
	t.Parallel()
	p := newPort(t, chartHasNoOrder)
	p.upAll("cluster1")
	p.must(p.destroy("cluster1", demo))
	p.must(p.remove("cluster1/" + platform + ".gateway_class"))
	p.broke(p.destroy("cluster1", platform), "cluster1/"+platform+".gateway", "class-is-accepted-by-its-controller", "",
		"gateway.k8s.aws/resources")
}

// Objects cannot go once nobody is let in at their API, or once it is gone.
func TestAccessBeforeObjects(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.upAll("cluster1")
	route := "cluster1/" + demo + ".route"
	p.must(p.remove("cluster1/module.eks.aws_eks_access_policy_association"))
	p.broke(p.remove(route), route, "access-needs-a-policy", "Forbidden", "namespaces is forbidden")
	p.must(p.remove("cluster1/module.eks.aws_eks_access_entry"))
	p.broke(p.remove(route), route, "access-needs-an-entry", "Unauthorized", "the server has asked for the client to provide credentials")
	p.must(p.remove("cluster1/module.eks.aws_eks_node_group"))
	p.must(p.remove("cluster1/module.eks.aws_eks_cluster"))
	p.broke(p.remove(route), route, "api-lives-with-its-cluster", "", "configured Kubernetes cluster is unreachable", "no such host")
	if left := p.leftovers(); !hasPart(left, "vpc-lattice service svc-") {
		t.Errorf("left: %v", left)
	}
}

// ExternalDNS before the application: its records stay in the zone.
func TestExternalDNSBeforeRoute(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.upAll("cluster1")
	p.must(p.remove("cluster1/" + externalDNS + ".helm_release"))
	p.must(p.destroyByScript("cluster1"))
	if left := p.leftovers(); !hasPart(left, "route53 record demo-cluster1.example.com. CNAME") ||
		!hasPart(left, "route53 record eks-cluster1-cname-demo-cluster1.example.com. TXT") {
		t.Errorf("left: %v", left)
	}
	p.must(p.destroy("environment")) // the zone is destroyed by force
}

// What a stuck route keeps in AWS keeps the service network and the namespace.
func TestStuckRouteKeepsTheRest(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.upAll("cluster1")
	p.must(p.remove("cluster1/" + controller + ".helm_release"))
	route := "cluster1/" + demo + ".route"
	p.broke(p.remove(route), route, "controller-must-run", "", "httproute.k8s.aws/resources")
	namespace := "cluster1/" + demo + ".namespace"
	p.broke(p.remove(namespace), namespace, "namespace-empties-first", "", `Namespace "apps" is still Terminating`,
		"httproute.k8s.aws/resources")
	sn := "environment/aws_vpclattice_service_network.this"
	p.must(p.remove("cluster1/aws_vpclattice_service_network_vpc_association.this"))
	p.broke(p.remove(sn), sn, "service-network-has-associations", "ConflictException", "has service(s) associated")
	if left := p.leftovers(); !hasPart(left, "vpc-lattice service svc-") || !hasPart(left, "vpc-lattice target group") {
		t.Errorf("left: %v", left)
	}
}
