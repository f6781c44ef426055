package blueprint

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/lattice"
)

// refusals are the defects that keep the port from coming up: one each, with
// everything else repaired, and the order that shows it where the blueprint
// leaves the order open.
var refusals = []struct {
	defect  defect
	hurry   []string
	refused string
	law     string
	code    string
	words   []string
}{
	{
		defect: certificateRaces, hurry: []string{"environment/aws_acm_certificate.private_domain_cert"},
		refused: "environment/aws_acm_certificate.private_domain_cert", law: "authority-must-be-active", code: "InvalidStateException",
		words: []string{"certificate-authority/", "not in a valid state", "PENDING_CERTIFICATE"},
	},
	{
		defect: oldKubernetes, refused: "cluster1/module.eks.aws_eks_cluster", law: "cluster-version", code: "InvalidParameterException",
		words: []string{"unsupported Kubernetes version 1.30"},
	},
	{
		defect: addonsRace, hurry: []string{"cluster1/module.eks_blueprints_addons.aws_eks_addon.coredns"},
		refused: "cluster1/module.eks_blueprints_addons.aws_eks_addon.coredns", law: "coredns-needs-nodes",
		words: []string{"(eks-cluster1:coredns)", "last state: 'DEGRADED', timeout: 20m0s", "InsufficientNumberOfReplicas"},
	},
	{
		defect: noCRDs, hurry: []string{"cluster1/" + externalDNS + ".helm_release"},
		refused: "cluster1/" + controller + ".helm_release", law: "controller-exits-without-its-crds",
		words: []string{"CrashLoopBackOff", `no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"`},
	},
	{
		defect: kyvernoRaces, hurry: []string{"cluster1/" + platform + ".cluster_policy"},
		refused: "cluster1/" + platform + ".cluster_policy", law: "kind-must-be-served",
		words: []string{"the apiVersion for this resource does not exist", `no matches for kind "ClusterPolicy" in version "kyverno.io/v1"`},
	},
	{
		defect: chartHasNoOrder, hurry: []string{"cluster1/" + platform + ".gateway"},
		refused: "cluster1/" + platform + ".gateway", law: "class-is-accepted-by-its-controller",
		words: []string{"timed out waiting to be Ready", `GatewayClass "amazon-vpc-lattice" does not exist`},
	},
	{
		defect: sameListeners, refused: "cluster1/" + platform + ".gateway", law: "object-must-be-valid",
		words: []string{`Gateway.gateway.networking.k8s.io "lattice-gateway" is invalid`,
			"Combination of port, protocol and hostname must be unique for each listener"},
	},
	{
		defect: plainNamespace, refused: "cluster1/" + demo + ".route", law: "listeners-choose-namespaces",
		words: []string{"lattice-assigned-domain-name", "No matching listeners allow this route. Check Gateway listener allowedRoutes policies"},
	},
	{
		defect: oldController, refused: "cluster1/" + controller + ".helm_release", law: "chart-versions-known",
		words: []string{"the twin knows chart aws-gateway-controller-chart in version v2.1.3 only"},
	},
	{
		defect: oldExternalDNS, refused: "cluster1/" + externalDNS + ".helm_release", law: "chart-versions-known",
		words: []string{"the twin knows chart external-dns in version 1.21.1 only"},
	},
	{
		defect: oldKyverno, refused: "cluster1/" + kyverno + ".helm_release", law: "chart-versions-known",
		words: []string{"the twin knows chart kyverno in version 3.9.1 only"},
	},
}

// Each defect alone is enough, and is refused as it would be for real.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range refusals {
		t.Run(string(c.defect), func(t *testing.T) {
			t.Parallel()
			p := newPort(t, c.defect)
			stack, _, _ := strings.Cut(c.refused, "/")
			if stack != "environment" {
				p.must(p.up("environment"))
			}
			p.broke(p.up(stack, c.hurry...), c.refused, c.law, c.code, c.words...)
		})
	}
}

// The same defects where the blueprint's order happens to be right.
func TestOrdersThatHoldByChance(t *testing.T) {
	t.Parallel()
	p := newPort(t, certificateRaces, chartHasNoOrder, kyvernoRaces)
	p.must(p.up("environment"))
	p.must(p.up("cluster1"))
	undeclared := p.undeclared()
	for _, d := range []struct{ name, on, law string }{
		{"environment/aws_acm_certificate.private_domain_cert", "environment/aws_acmpca_certificate_authority_certificate.this",
			"authority-must-be-active"},
		{"cluster1/" + platform + ".gateway", "cluster1/" + platform + ".gateway_class", "class-is-accepted-by-its-controller"},
		{"cluster1/" + platform + ".cluster_policy", "cluster1/" + kyverno + ".helm_release", "kind-must-be-served"},
	} {
		if line := "create of " + d.name + " depends on " + d.on + " by law " + d.law +
			", which the program does not declare"; !slices.Contains(undeclared, line) {
			t.Errorf("want %q in:\n%s", line, strings.Join(undeclared, "\n"))
		}
	}
}

// A route of a namespace without the label is not accepted, and its Lattice
// service never comes: without a wait nobody would notice before a call.
func TestRouteOfPlainNamespace(t *testing.T) {
	t.Parallel()
	p := newPort(t, plainNamespace)
	p.must(p.up("environment"))
	if p.up("cluster1") == nil {
		t.Fatal("the route is accepted")
	}
	var route props
	var services []aws.ServiceSnapshot
	p.world.Look(func() {
		route = p.kube.Object("eks-cluster1", "gateway.networking.k8s.io", "HTTPRoute", "apps", "demo-cluster1")
		services = p.account.Snapshot().Services
	})
	for _, parent := range route["status"].(props)["parents"].([]any) {
		accepted := parent.(props)["conditions"].([]any)[0].(props)
		if accepted["type"] != "Accepted" || accepted["status"] != "False" || accepted["reason"] != "NotAllowedByListeners" {
			t.Errorf("condition %v", accepted)
		}
	}
	if len(services) != 0 {
		t.Errorf("services %+v", services)
	}
	if r := p.call(app("cluster1"), "http://demo-cluster1."+domain); r.DecidedBy != call.StepDNS ||
		!strings.Contains(r.Body, "curl: (6) Could not resolve host") {
		t.Errorf("call: %+v", r)
	}
}

// A controller that starts before DNSEndpoint is served makes none: the service
// is there, its name is not.
func TestLateDNSEndpoint(t *testing.T) {
	t.Parallel()
	p := newPort(t, lateDNSEndpoint)
	p.must(p.up("environment"))
	p.must(p.up("cluster1")) // the controller is declared first
	var services []aws.ServiceSnapshot
	p.world.Look(func() { services = p.account.Snapshot().Services })
	if len(services) != 1 || services[0].CustomDomain != "demo-cluster1."+domain {
		t.Errorf("services %+v", services)
	}
	if r := p.call(app("cluster1"), "http://demo-cluster1."+domain); r.Allowed || r.DecidedBy != call.StepDNS {
		t.Errorf("call: %+v", r)
	}

	p = newPort(t, lateDNSEndpoint)
	p.must(p.up("environment"))
	p.must(p.up("cluster1", "cluster1/"+externalDNS+".helm_release"))
	if r := p.call(app("cluster1"), "http://demo-cluster1."+domain); r.DecidedBy != call.StepServicePolicy {
		t.Errorf("ExternalDNS first: %+v", r)
	}
}

// Pods that come before the policy's webhook have no sidecar: their requests
// leave unsigned.
func TestPolicyNotAwaited(t *testing.T) {
	t.Parallel()
	p := newPort(t, policyNotAwaited)
	p.upAll("cluster1", "cluster2")
	r := p.call(app("cluster1"), "http://demo-cluster2."+domain)
	if r.Allowed || r.Status != 403 || r.DecidedBy != call.StepSignature ||
		!strings.Contains(r.Body, "User: anonymous is not authorized to perform: vpc-lattice-svcs:Invoke") {
		t.Errorf("call: %+v", r)
	}
}

// A rule on a group that the nodes do not carry admits nobody to the pods.
func TestNoTemplate(t *testing.T) {
	t.Parallel()
	p := newPort(t, noTemplate)
	for _, stack := range []string{"environment", "cluster1", "cluster2"} {
		p.must(p.up(stack))
	}
	if r := p.call(app("cluster1"), "http://demo-cluster2."+domain); r.Allowed || r.Status != 503 || r.DecidedBy != call.StepTarget {
		t.Errorf("call: %+v", r)
	}
	var answer vpclattice.Answer
	p.world.Look(func() {
		caller := p.account.Caller("")
		caller.Tags = map[string]string{"eks-cluster-name": "eks-cluster1", "kubernetes-namespace": "apps"}
		answer = vpclattice.Send(p.account.Account, vpclattice.Call{
			Request: lattice.Request{Principal: caller, Signed: true, SourceVPC: p.made["cluster1/module.vpc.aws_vpc"].ID, Method: "GET",
				Path: "/", Host: "demo-cluster2." + domain, Port: 443},
			Scheme: "https", SNI: "demo-cluster2." + domain})
	})
	if answer.Law.ID != "targets-admit-lattice" || answer.DecidedBy != vpclattice.ByTargets || answer.Message != "Service Unavailable" {
		t.Errorf("answer: %+v", answer)
	}
}

// The IPv6 prefix list is not admitted: calls over IPv4 hide that.
func TestOnlyIPv4(t *testing.T) {
	t.Parallel()
	for _, defects := range [][]defect{nil, {onlyIPv4}} {
		p := newPort(t, defects...)
		p.must(p.up("environment"))
		p.must(p.up("cluster1"))
		var four, six bool
		p.world.Look(func() {
			group := p.account.EKS.NodeGroups("eks-cluster1")[0].GroupIDs[0]
			_, four = ec2.PrefixListReachable(p.account.Account, group, 4, 8090)
			_, six = ec2.PrefixListReachable(p.account.Account, group, 6, 8090)
		})
		if !four || six != (len(defects) == 0) {
			t.Errorf("with %v: IPv4 admitted: %v, IPv6 admitted: %v", defects, four, six)
		}
	}
}

// With one owner id only the prefix keeps two clusters apart; without it each
// deletes the other's records.
func TestSameOwner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		defect  defect
		resolve bool
	}{{sameOwner, true}, {samePrefix, false}} {
		p := newPort(t, c.defect)
		for _, stack := range []string{"environment", "cluster1", "cluster2"} {
			p.must(p.up(stack))
		}
		one, two := p.call(app("cluster2"), "http://demo-cluster1."+domain), p.call(app("cluster1"), "http://demo-cluster2."+domain)
		if both := one.Allowed && two.Allowed; both != c.resolve {
			t.Errorf("with %s both names answer: %v (%+v, %+v)", c.defect, both, one, two)
		}
		if !c.resolve && one.DecidedBy != call.StepDNS && two.DecidedBy != call.StepDNS {
			t.Errorf("with %s: %+v, %+v", c.defect, one, two)
		}
	}
}

// What is wrong without being refused is warned of.
func TestWarnings(t *testing.T) {
	t.Parallel()
	p := newPort(t, noRenewal, noUpgradePolicy, otherChartsValues, openDefaultGroup)
	p.upAll("cluster1")
	warnings := p.warnings()
	for _, words := range [][]string{
		{"certificate ", "(example.com) will expire", "does not permit acm.amazonaws.com to renew it", "[law renewal-permission]"},
		{"cluster eks-cluster1 has no upgrade policy", "six times the price", "[law cluster-upgrade-policy]"},
		{"chart external-dns has no value crdSourceApiversion: Helm ignores it"},
		{"chart external-dns has no value crdSourceKind: Helm ignores it"},
		{"has rules: adopt it", "[law default-security-group]"},
		{"chart external-dns wants a map for provider"},
	} {
		if !hasPart(warnings, words...) {
			t.Errorf("no warning with %q: %v", words, warnings)
		}
	}
	p = newPort(t)
	p.upAll("cluster1")
	if w := p.warnings(); len(w) > 0 {
		t.Errorf("warnings of the repaired port: %v", w)
	}
}
