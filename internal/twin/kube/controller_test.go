package kube_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// platformLab is a cluster up to its applications.
func platformLab(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.environment()
	l.platform("eks-one")
	return l
}

// appLab has an application too.
func appLab(t *testing.T) *lab {
	t.Helper()
	l := platformLab(t)
	l.app("eks-one", "eks-two")
	return l
}

func (l *lab) network() *aws.ServiceNetwork {
	l.t.Helper()
	var out *aws.ServiceNetwork
	l.world.Look(func() {
		list, err := l.account.Lattice("").FindServiceNetworks(l.account.Caller(), "lattice-gateway")
		if err != nil || len(list) != 1 {
			l.t.Fatalf("%d networks: %v", len(list), err)
		}
		out = list[0]
	})
	return out
}

func TestGatewayClass(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "eks-one")
	l.crds("eks-one")
	_, err := l.tryApply("eks-one", "early", classManifest)
	l.broke(err, podidentity.LawControllerRuns, "'amazon-vpc-lattice' timed out waiting to be Ready", "Waiting for condition=Accepted")
	l.down("early")
	l.apply("eks-one", "ns", namespace("aws-application-networking-system"))
	l.role("lattice", "vpc-lattice:*", "tag:*")
	l.identity("eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
	l.release("eks-one", "lattice-release", l.latticeChart("eks-one", nil))
	_, err = l.tryApply("eks-one", "other", strings.Replace(classManifest, "controllerName: application-networking.k8s.aws/", "controllerName: example.com/", 1))
	l.broke(err, gatewaycontroller.LawClass, "example.com/gateway-api-controller")
	l.down("other")
	l.apply("eks-one", "class", classManifest)
	if !l.depends("class", "lattice-release", world.Create) {
		t.Error("the class relied on the controller, and no need says so")
	}
}

// A Gateway that comes before its service network stays as it is: the
// controller does not look again.
func TestGatewayNetwork(t *testing.T) {
	t.Parallel()
	l := platformLab(t)
	other := strings.Replace(gatewayManifest, "name: lattice-gateway,", "name: other-network,", 1)
	_, err := l.tryApply("eks-one", "other", other)
	l.broke(err, gatewaycontroller.LawNetwork, "Waiting for condition=Programmed", "VPC Lattice Service Network not found")
	l.aws("aws:vpclattice/serviceNetwork:ServiceNetwork", "other-network", engine.Props{"name": "other-network", "authType": "AWS_IAM"})
	l.apply("eks-one", "event", namespace("event"))
	for _, c := range obj.Maps(l.object("eks-one", gatewaycontroller.GatewayGroup, "Gateway", "lattice-gateway", "other-network"), "status", "conditions") {
		if obj.Str(c, "type") == "Programmed" && (obj.Str(c, "status") != "False" || obj.Str(c, "reason") != "Pending") {
			t.Errorf("the controller looked again: %v", c)
		}
	}
	l.down("other")
	l.apply("eks-one", "other", other)
	if !l.depends("other", "other-network", world.Create) {
		t.Error("the Gateway relied on the network, and no need says so")
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	l := platformLab(t)
	l.apply("eks-one", "apps", namespace("apps"))
	l.config("eks-one", l.get("ca-installed", "certificate"))
	l.identity("eks-one", "apps", "default", "client")
	l.apply("eks-one", "deployment", strings.Replace(deployment("demo-v1", "apps"), "agent-inject", "no-inject", 1))
	l.apply("eks-one", "service", service("demo-v1", "apps"))
	good := route("demo", "apps")
	refuse := func(manifest string, broken law.Law, words ...string) {
		t.Helper()
		_, err := l.tryApply("eks-one", "route", manifest)
		l.broke(err, broken, words...)
		l.down("route")
	}
	refuse(good, gatewaycontroller.LawRouteAllowed, "'demo' timed out waiting to be Ready", "No matching listeners allow this route. Check Gateway listener allowedRoutes policies")
	news := obj.Clone(l.made["apps"].in)
	obj.Set(news, "true", "metadata", "labels", "allow-attachment-to-infra-gw")
	if err := l.update("apps", news); err != nil {
		t.Fatal(err)
	}
	refuse(strings.NewReplacer("sectionName: http-listener", "sectionName: none", "sectionName: https-listener-with-custom-domain", "sectionName: other").Replace(good), gatewaycontroller.LawRouteListener, `no listener "`)
	refuse(strings.NewReplacer("demo.example.com", "demo.example.org", "  - {name: lattice-gateway, namespace: lattice-gateway, sectionName: http-listener}\n", "").Replace(good), gatewaycontroller.LawRouteHostname, "No matching listener hostname for this route")
	refuse(strings.Replace(good, "name: lattice-gateway, namespace: lattice-gateway,", "name: absent, namespace: lattice-gateway,", 2), gatewaycontroller.LawRouteParent, "no Gateway of class")
	l.apply("eks-one", "route", good)
	l.broke(l.remove("eks-one.gateway"), gatewaycontroller.LawGatewayRoutes, "cannot delete gateway lattice-gateway/lattice-gateway - found referencing route apps/demo")
	var pods []string
	l.world.Look(func() {
		groups, err := l.account.Lattice("").TargetGroups(l.account.Caller())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			for _, target := range g.Targets {
				pods = append(pods, target.Pod)
			}
		}
	})
	if len(pods) != 2 || !strings.HasPrefix(pods[0], "eks-one/apps/demo-v1-") {
		t.Errorf("the targets are %v", pods)
	}
	shows(gatewaycontroller.LawRouteBackend)
	l.down("route", "eks-one.gateway")
	// The option of another key leaves the certificate to discovery.
	gateway := strings.NewReplacer("CERTIFICATE", "x", "application-networking.k8s.aws/certificate-arn", "example.com/option").Replace(gatewayManifest)
	l.apply("eks-one", "gateway", strings.Replace(gateway, "*.example.com", "*.example.org", 1))
	refuse(strings.Replace(good, "demo.example.com", "demo.example.org", 1), gatewaycontroller.LawCertificateFound, "certificate not found for hostname demo.example.org")
	l.down("gateway")
	l.apply("eks-one", "gateway", gateway)
	l.apply("eks-one", "route", good)
}

// Two clusters cannot have a route of the same name and namespace.
func TestRouteNames(t *testing.T) {
	t.Parallel()
	l := appLab(t)
	l.platform("eks-two")
	l.apply("eks-two", "apps", namespace("apps", appLabels...))
	l.apply("eks-two", "service", strings.Replace(service("demo-one-v1", "apps"), "namespace: apps", `namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1))
	_, err := l.tryApply("eks-two", "route", route("demo-one", "apps"))
	l.broke(err, gatewaycontroller.LawRouteConflict, "service apps/demo-one had a conflict: Found existing resource not owned by controller: arn:aws:vpc-lattice:")
	status := obj.Maps(l.object("eks-two", gatewaycontroller.GatewayGroup, "HTTPRoute", "apps", "demo-one"), "status", "parents")
	if len(status) == 0 || obj.Str(obj.Maps(status[0], "conditions")[0], "reason") != "Conflicted" {
		t.Errorf("the route's status is %v", status)
	}
	l.down("route")
	l.apply("eks-two", "route", strings.ReplaceAll(strings.Replace(route("demo-one", "apps"), "name: demo-one,", "name: demo-two,", 1), "demo-one.example", "demo-two.example"))
	if l.object("eks-one", gatewaycontroller.GatewayGroup, "HTTPRoute", "apps", "demo-one") == nil {
		t.Error("the first cluster's route is gone")
	}
}

// Each part that a route's deletion needs, removed too early.
func TestDeletionOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		first []string
		law   law.Law
		words []string
	}{
		{"class", []string{"eks-one.class"}, gatewaycontroller.LawRouteParent, []string{"finalizers might be preventing deletion (httproute.k8s.aws/resources)"}},
		{"controller", []string{"eks-one.lattice"}, podidentity.LawControllerRuns, []string{"finalizers might be preventing deletion (httproute.k8s.aws/resources)", "no controller runs"}},
		{"association", []string{"eks-one.identity-aws-application-networking-system-gateway-api-controller"}, podidentity.LawAssociationLives, []string{"failed to cleanup route demo-one, apps", "failed to load credentials from http://169.254.170.23/v1/credentials"}},
		{"agent", []string{"eks-one.eks-pod-identity-agent"}, podidentity.LawAgent, []string{"connection refused"}},
		{"network", []string{"eks-one.private-out"}, podidentity.LawEgress, []string{"send request failed"}},
		{"nodes", []string{"eks-one.nodes"}, podidentity.LawControllerRuns, []string{"no controller runs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := appLab(t)
			l.down(c.first...)
			l.broke(l.remove("eks-one.route"), c.law, c.words...)
		})
	}
	t.Run("right", func(t *testing.T) {
		t.Parallel()
		l := appLab(t)
		l.down("eks-one.auth", "eks-one.route")
		for _, on := range []string{"eks-one.class", "eks-one.gateway", "eks-one.lattice", "eks-one.nodes", "eks-one.nat", "eks-one.eks-pod-identity-agent",
			"eks-one.identity-aws-application-networking-system-gateway-api-controller", "eks-one.external-dns"} {
			if !l.depends("eks-one.route", on, world.Delete) {
				t.Errorf("the route's deletion relied on %s, and no need says so", on)
			}
		}
	})
}

// The controller's pods get no credentials for an association that comes later.
func TestControllerIdentity(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "eks-one")
	l.crds("eks-one")
	l.apply("eks-one", "ns", namespace("aws-application-networking-system"))
	l.apply("eks-one", "ns-gateway", namespace("lattice-gateway"))
	l.release("eks-one", "lattice-release", l.latticeChart("eks-one", nil))
	l.role("lattice", "vpc-lattice:*", "tag:*")
	l.identity("eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
	l.apply("eks-one", "class", classManifest)
	_, err := l.tryApply("eks-one", "gateway", gatewayManifest)
	l.broke(err, podidentity.LawAtCreation, "was created without an association")
	l.down("gateway", "class", "lattice-release")
	l.release("eks-one", "lattice-release", l.latticeChart("eks-one", nil))
	l.apply("eks-one", "class", classManifest)
	l.apply("eks-one", "gateway", gatewayManifest)
}

// The default service network is a thing of the controller's start, and of
// nobody afterwards.
func TestDefaultNetwork(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("eks-one")
	l.crds("eks-one")
	l.apply("eks-one", "ns", namespace("aws-application-networking-system"))
	in := l.latticeChart("eks-one", engine.Props{"defaultServiceNetwork": "lattice-gateway"})
	l.release("eks-one", "first", in)
	if w := joined(l.clusters.Warnings()); !strings.Contains(w, "could not setup default service network lattice-gateway, proceeding without it") {
		t.Errorf("warnings: %s", w)
	}
	l.down("first")
	l.role("lattice", "vpc-lattice:*", "ec2:*", "tag:*")
	l.identity("eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
	l.release("eks-one", "second", in)
	sn := l.network()
	if sn.Tags[gatewaycontroller.ManagedByTag] != "123456789012/eks-one/"+l.id("eks-one.vpc") {
		t.Errorf("the network's tags are %v", sn.Tags)
	}
	l.down("second")
	if left := strings.Join(l.account.Leftovers(), "\n"); !strings.Contains(left, sn.ID) {
		t.Errorf("the network is not left over: %s", left)
	}
	shows(gatewaycontroller.LawDefaultNetwork)
	if sn.AuthType != lattice.AuthNone {
		t.Errorf("the network's auth type is %s", sn.AuthType)
	}
}

func TestDNSEndpointCRD(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "eks-one")
	for name, text := range crds(t) {
		if name != "dnsendpoints" {
			l.apply("eks-one", name, text)
		}
	}
	l.apply("eks-one", "ns", namespace("aws-application-networking-system"))
	l.apply("eks-one", "ns-gateway", namespace("lattice-gateway"))
	l.apply("eks-one", "apps", namespace("apps", appLabels...))
	l.role("lattice", "vpc-lattice:*", "tag:*")
	l.identity("eks-one", "aws-application-networking-system", "gateway-api-controller", "lattice")
	l.release("eks-one", "lattice-release", l.latticeChart("eks-one", nil))
	l.apply("eks-one", "dnsendpoints", crds(t)["dnsendpoints"])
	l.apply("eks-one", "class", classManifest)
	l.apply("eks-one", "gateway", strings.Replace(gatewayManifest, "CERTIFICATE", l.get("certificate", "arn"), 1))
	l.apply("eks-one", "route", route("demo", "apps"))
	if l.object("eks-one", "externaldns.k8s.io", "DNSEndpoint", "apps", "demo-dns") != nil {
		t.Error("the controller makes DNSEndpoints although their CRD came after it")
	}
	shows(gatewaycontroller.LawDNSEndpoint)
	l.down("lattice-release")
	l.release("eks-one", "lattice-release", l.latticeChart("eks-one", nil))
	if l.object("eks-one", "externaldns.k8s.io", "DNSEndpoint", "apps", "demo-dns") == nil {
		t.Error("the restarted controller makes no DNSEndpoint")
	}
}

// A controller without an association works with its node's role where it can
// ask for that, and has not its rights.
func TestControllerOnNodesCredentials(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "one")
	l.crds("one")
	l.apply("one", "ns", namespace("external-dns"))
	who := func() (out string) {
		l.world.Look(func() {
			c := l.clusters.ByName("one")
			pod := c.Kubelet.Leader(c.DNS)
			if s, err := c.Identity.Session(pod); err != nil {
				out = err.Error()
			} else {
				out = s.ARN
			}
		})
		return out
	}
	l.release("one", "dns", l.externalDNSChart("one", nil))
	if got := who(); !strings.Contains(got, "no EC2 IMDS role found") {
		t.Errorf("without an association and one hop: %s", got)
	}
	l.aws("aws:ec2/launchTemplate:LaunchTemplate", "template", engine.Props{"metadataOptions": engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 2}})
	nodes := obj.Clone(l.made["one.nodes"].in)
	nodes["launchTemplate"] = engine.Props{"id": l.id("template"), "version": "1"}
	l.down("dns", "one.nodes")
	l.aws("aws:eks/nodeGroup:NodeGroup", "one.nodes", nodes)
	l.release("one", "dns", l.externalDNSChart("one", nil))
	if got := who(); !strings.Contains(got, ":assumed-role/one.node-role") {
		t.Errorf("without an association and two hops: %s", got)
	}
}
