package kube_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

func networkPolicy(name, ns, spec string) string {
	return fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: %s}\nspec: %s\n", name, ns, spec)
}

// latticeOnly closes the demo application of eks-two to everybody else.
const latticeOnly = "{podSelector: {matchLabels: {app: demo-two-v1}}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 169.254.171.0/24}}], ports: [{protocol: TCP, port: 8090}]}]}"

// enforce tells the VPC CNI of a cluster whether to enforce network policies.
func (l *lab) enforce(cluster, value string) {
	l.t.Helper()
	in := obj.Clone(l.made[part(cluster, "vpc-cni")].in)
	in["configurationValues"] = fmt.Sprintf(`{"enableNetworkPolicy":%q}`, value)
	if err := l.update(part(cluster, "vpc-cni"), in); err != nil {
		l.t.Fatal(err)
	}
}

// podURL is the address of a pod of a Deployment.
func (l *lab) podURL(cluster, deployment string) (url string) {
	l.world.Look(func() { url = "http://" + l.clusters.PodAddress(cluster, "apps", deployment) + ":8090" })
	return url
}

var (
	neighbour = call.Caller{Cluster: "eks-two", Namespace: "apps"}
	stranger  = call.Caller{Cluster: "eks-two", Namespace: "elsewhere"}
)

// The way past VPC Lattice: open, not closed by a policy that nobody enforces,
// and closed by one that the CNI does.
func TestStraightToThePod(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	pod := l.podURL("eks-two", "demo-two-v1")
	open := func(why string, callers ...call.Caller) {
		t.Helper()
		for _, caller := range callers {
			for _, url := range []string{pod, "http://demo-two-v1.apps", "http://demo-two-v1.apps.svc.cluster.local"} {
				l.decides(t, step{why + " " + caller.Namespace + " " + url, nil, caller, url, call.StepPodPolicy, 200, "Hello from demo-two-v1", law.Law{}})
			}
		}
	}
	open("without a policy", neighbour, stranger)
	l.apply("eks-two", "closed", networkPolicy("closed", "apps", latticeOnly))
	open("with a policy that is not enforced", neighbour, stranger)
	if w := l.clusters.Warnings(); len(w) != 1 || !strings.Contains(w[0].String(), "NetworkPolicy apps/closed of cluster eks-two does nothing") || !strings.Contains(w[0].String(), networkpolicy.LawEnforcement.ID) {
		t.Errorf("warnings: %q", w)
	}
	shows(networkpolicy.LawEnforcement)
	l.enforce("eks-two", "true")
	for _, caller := range []call.Caller{neighbour, stranger} {
		for _, url := range []string{pod, "http://demo-two-v1.apps"} {
			l.decides(t, step{caller.Namespace + " " + url, nil, caller, url, call.StepPodPolicy, 0, "Connection timed out", networkpolicy.LawIsolation})
		}
	}
	l.decides(t, step{"by VPC Lattice", nil, demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
	l.decides(t, step{"the other way", nil, call.Caller{Cluster: "eks-two", Namespace: "apps", Deployment: "demo-two-v1"}, "http://demo-one.example.com", call.StepServicePolicy, 200, "Hello", law.Law{}})
	for _, c := range []struct{ name, spec string }{
		{"namespaces", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}}]}]}"},
		{"neighbours", "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"},
	} {
		l.apply("eks-two", c.name, networkPolicy(c.name, "apps", c.spec))
		open("with one that admits "+c.name, map[string]call.Caller{"namespaces": stranger, "neighbours": neighbour}[c.name])
		l.down(c.name)
	}
	l.decides(t, step{"again", nil, stranger, pod, call.StepPodPolicy, 0, "Connection timed out", networkpolicy.LawIsolation})
	l.down("closed")
	open("without a policy again", neighbour, stranger)
}

func TestCallsWithinTheCluster(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	pod := l.podURL("eks-one", "demo-one-v1")
	inside := call.Caller{Cluster: "eks-one", Namespace: "apps"}
	for _, c := range []step{
		{"nobody has the address", nil, inside, "http://10.0.99.99:8090", call.StepTarget, 0, "Connection timed out", law.Law{}},
		{"nothing listens", nil, inside, strings.Replace(pod, "8090", "9999", 1), call.StepTarget, 0, "Connection refused", law.Law{}},
		{"the application takes no TLS", nil, inside, strings.Replace(pod, "http", "https", 1), call.StepTLS, 0, "wrong version number", law.Law{}},
		{"the Service in one's own namespace", nil, inside, "http://demo-one-v1", call.StepPodPolicy, 200, "Hello from demo-one-v1", law.Law{}},
		{"a Service in another namespace needs it", nil, call.Caller{Cluster: "eks-one", Namespace: "elsewhere"}, "http://demo-one-v1", call.StepDNS, 0, "Could not resolve host: demo-one-v1", call.LawName},
		{"a port that the Service does not have", nil, inside, "http://demo-one-v1:8090", call.StepTarget, 0, "Connection timed out", law.Law{}},
		{"a Service without pods", func(l *lab) {
			l.apply("eks-one", "empty", strings.Replace(service("empty", "apps"), "namespace: apps", `namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1))
		}, inside, "http://empty", call.StepTarget, 0, "Connection refused", law.Law{}},
		{"a redirect of everything", func(l *lab) {
			l.apply("eks-one", "greedy", strings.Replace(deployment("greedy", "apps", `initContainers: [{name: iptables, image: "x/iptables:v1", securityContext: {capabilities: {add: [NET_ADMIN]}}, command: [sh, -c, "iptables -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 8080"]}]`), "agent-inject", "none", 1))
		}, podOf("greedy"), pod, call.StepRedirect, 0, "Connection reset by peer", law.Law{}},
	} {
		l.decides(t, c)
	}
}

// A policy that forgets VPC Lattice takes the application off it; the kubelet
// gets in all the same.
func TestPoliciesAndVPCLattice(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	l.enforce("eks-two", "true")
	const selector = "{podSelector: {matchLabels: {app: demo-two-v1}}, "
	for _, c := range []struct {
		name, spec string
		passes     bool
	}{
		{"nobody", "policyTypes: [Ingress]}", false},
		{"pods", "ingress: [{from: [{namespaceSelector: {}}]}]}", false},
		{"the VPC", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}]}", false},
		{"one address of VPC Lattice", "ingress: [{from: [{ipBlock: {cidr: 169.254.171.32/32}}]}]}", false},
		{"another port", "ingress: [{from: [{ipBlock: {cidr: 169.254.171.0/24}}], ports: [{port: 80}]}]}", false},
		{"VPC Lattice", "ingress: [{from: [{ipBlock: {cidr: 169.254.171.0/24}}], ports: [{port: 8090}]}]}", true},
		{"link-local addresses", "ingress: [{from: [{ipBlock: {cidr: 169.254.0.0/16}}]}]}", true},
		{"everybody", "ingress: [{}]}", true},
	} {
		l.apply("eks-two", c.name, networkPolicy("policy", "apps", selector+c.spec))
		if c.passes {
			l.decides(t, step{c.name, nil, demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
		} else {
			l.decides(t, step{c.name, nil, demo, "", call.StepTarget, 503, "Service Unavailable [law " + networkpolicy.LawIsolation.ID, networkpolicy.LawIsolation})
		}
		l.down(c.name)
	}
	l.apply("eks-two", "nobody at all", networkPolicy("policy", "apps", "{podSelector: {}}"))
	probed := strings.Replace(deployment("probed", "apps"), "ports: [{containerPort: 8090}]", "ports: [{containerPort: 8090}]\n        readinessProbe: {tcpSocket: {port: 8090}}", 1)
	l.apply("eks-two", "probed", probed)
}

func TestEgressPolicies(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	l.enforce("eks-one", "true")
	const (
		dns     = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{protocol: UDP, port: 53}]}"
		lattice = "{to: [{ipBlock: {cidr: 169.254.171.0/24}}]}"
		agent   = "{to: [{ipBlock: {cidr: 169.254.170.23/32}}]}"
	)
	pod := l.podURL("eks-one", "demo-one-v1")
	for _, c := range []struct {
		rules, url, step string
		status           int
		word             string
	}{
		{"", "", call.StepDNS, 0, "Could not resolve host"},
		{dns, "", call.StepPodPolicy, 0, "Connection timed out"},
		{dns + ", " + lattice, "", call.StepSignature, 403, "anonymous"},
		{dns + ", " + lattice + ", " + agent, "", call.StepServicePolicy, 200, "Hello"},
		{dns + ", " + lattice, pod, call.StepPodPolicy, 0, "Connection timed out"},
		{"{to: [{podSelector: {}}]}", pod, call.StepPodPolicy, 200, "Hello"},
	} {
		l.apply("eks-one", "egress", networkPolicy("egress", "apps", "{podSelector: {}, policyTypes: [Egress], egress: ["+c.rules+"]}"))
		caller := demo
		if c.url != "" {
			caller = call.Caller{Cluster: "eks-one", Namespace: "apps"}
		}
		l.decides(t, step{c.rules, nil, caller, c.url, c.step, c.status, c.word, networkpolicy.LawIsolation})
		l.down("egress")
	}
}

// The controller that adds the finalizer is gone when enforcement is off.
func TestPoliciesAreReleased(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	l.enforce("one", "true")
	l.apply("one", "apps", namespace("apps"))
	l.apply("one", "policy", networkPolicy("policy", "apps", "{podSelector: {}}"))
	if _, _, diff := l.refresh("policy"); len(diff.Keys) > 0 {
		t.Errorf("a refresh finds %v", diff.Keys)
	}
	if !l.depends("policy", "one.vpc-cni", world.Create) {
		t.Error("a policy does not need what enforces it")
	}
	l.enforce("one", "false")
	l.broke(l.remove("policy"), networkpolicy.LawReleased, "finalizers might be preventing deletion (networking.k8s.aws/resources)", "the network policy controller of EKS is off")
	l.broke(l.remove("apps"), controller.LawNamespaceEmpties, "networking.k8s.aws/resources in 1 resource instances")
	l.enforce("one", "true")
	l.down("policy", "apps")
	l.apply("one", "apps", namespace("apps"))
	l.apply("one", "held", strings.Replace(networkPolicy("policy", "apps", "{podSelector: {}}"), "namespace: apps", "namespace: apps, finalizers: [example.com/hold]", 1))
	if have := obj.Strings(l.object("one", "networking.k8s.io", "NetworkPolicy", "apps", "policy"), "metadata", "finalizers"); !slices.Equal(have, []string{"example.com/hold", "networking.k8s.aws/resources"}) {
		t.Errorf("finalizers: %v", have)
	}
	l.broke(l.remove("held"), controller.LawFinalizers, "finalizers might be preventing deletion (example.com/hold)")
}

func TestPoliciesAreChecked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	l.apply("one", "apps", namespace("apps"))
	for _, c := range []struct{ spec, word string }{
		{"{podSelector: {}, policyTypes: [Incoming]}", `spec.policyTypes[0]: Unsupported value: "Incoming": supported values: "Ingress", "Egress"`},
		{"{podSelector: {matchLabels: {app: -}}}", `spec.podSelector.matchLabels: Invalid value: "-"`},
		{"{podSelector: {}, ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]: Required value: must specify a peer"},
		{"{podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}", "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"},
		{"{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {a: -}}}]}]}", `spec.ingress[0].from[0].namespaceSelector.matchLabels: Invalid value: "-"`},
		{"{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 169.254.171}}]}]}", `spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "169.254.171": must be a valid CIDR value`},
		{"{podSelector: {}, ingress: [{from: [{ipBlock: {}}]}]}", "ipBlock.cidr: Required value"},
		{"{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}", "spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict subset of `cidr`"},
		{"{podSelector: {}, ingress: [{ports: [{port: 80000}]}]}", "spec.ingress[0].ports[0].port: Invalid value: 80000: must be between 1 and 65535"},
		{"{podSelector: {}, ingress: [{ports: [{port: Web}]}]}", `spec.ingress[0].ports[0].port: Invalid value: "Web"`},
		{"{podSelector: {}, ingress: [{ports: [{protocol: ICMP}]}]}", `ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`},
		{"{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 79}]}]}", "endPort: Invalid value: 79: must be greater than or equal to `port`"},
		{"{podSelector: {}, ingress: [{ports: [{endPort: 79}]}]}", "may not be specified when `port` is not specified"},
		{"{podSelector: {}, ingress: [{ports: [{port: web, endPort: 79}]}]}", "may not be specified when `port` is non-numeric"},
	} {
		_, err := l.tryApply("one", c.spec, networkPolicy("p", "apps", c.spec))
		if err == nil {
			t.Errorf("%s: no error", c.spec)
			continue
		}
		l.broke(err, api.LawValid, c.word)
	}
}
