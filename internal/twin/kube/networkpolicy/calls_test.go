package networkpolicy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

func networkPolicy(name, ns, spec string) string {
	return fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: %s}\nspec: %s\n", name, ns,
		spec)
}

// latticeOnly closes the kubetest.Demo application of eks-two to everybody else.
const latticeOnly = "{podSelector: {matchLabels: {app: demo-two-v1}}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: " +
	"169.254.171.0/24}}], ports: [{protocol: TCP, port: 8090}]}]}"

// enforce tells the VPC CNI of a cluster whether to enforce network policies.
func enforce(h *kubetest.Harness, cluster, value string) {
	h.T.Helper()
	in := h.Inputs(kubetest.Part(cluster, "vpc-cni"))
	in["configurationValues"] = fmt.Sprintf(`{"enableNetworkPolicy":%q}`, value)
	h.Update(kubetest.Part(cluster, "vpc-cni"), in)
}

// podURL is the address of a pod of a Deployment.
func podURL(h *kubetest.Harness, cluster, deployment string) (url string) {
	h.World.Look(func() { url = "http://" + h.Clusters.PodAddress(cluster, "apps", deployment) + ":8090" })
	return url
}

var (
	neighbour = call.Caller{Cluster: "eks-two", Namespace: "apps"}
	stranger  = call.Caller{Cluster: "eks-two", Namespace: "elsewhere"}
)

// step is a call with the step that has to decide it.
type step struct {
	name   string
	caller call.Caller
	url    string
	step   string
	status int
	word   string
}

func decides(h *kubetest.Harness, c step) {
	h.T.Helper()
	if c.url == "" {
		c.url = "http://demo-two.example.com"
	}
	r := h.Call(c.caller, c.url)
	if r.DecidedBy != c.step || r.Status != c.status || r.Allowed != (c.status == 200) || !strings.Contains(r.Body, c.word) {
		h.T.Errorf("%s: the call came to %+v", c.name, r)
	}
	if isolated := r.Law == networkpolicy.LawIsolation; isolated == r.Allowed {
		h.T.Errorf("%s: refused by law %q", c.name, r.Law.ID)
	}
}

// newCluster returns a harness with a cluster and a namespace.
func newCluster(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	return h
}

// The way past VPC Lattice: open, not closed by a policy that nobody enforces,
// and closed by one that the CNI does.
func TestStraightToThePod(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	pod := podURL(h, "eks-two", "demo-two-v1")
	open := func(why string, callers ...call.Caller) {
		t.Helper()
		for _, caller := range callers {
			for _, url := range []string{pod, "http://demo-two-v1.apps", "http://demo-two-v1.apps.svc.cluster.local"} {
				decides(h, step{why + " " + caller.Namespace + " " + url, caller, url, call.StepPodPolicy, 200, "Hello from demo-two-v1"})
			}
		}
	}
	open("without a policy", neighbour, stranger)
	h.Apply("eks-two", "closed", networkPolicy("closed", "apps", latticeOnly))
	open("with a policy that is not enforced", neighbour, stranger)
	enforce(h, "eks-two", "true")
	for _, caller := range []call.Caller{neighbour, stranger} {
		for _, url := range []string{pod, "http://demo-two-v1.apps"} {
			decides(h, step{caller.Namespace + " " + url, caller, url, call.StepPodPolicy, 0, "Connection timed out"})
		}
	}
	decides(h, step{"by VPC Lattice", kubetest.Demo, "", call.StepServicePolicy, 200, "Hello"})
	decides(h, step{"the other way", call.Caller{Cluster: "eks-two", Namespace: "apps", Deployment: "demo-two-v1"},
		"http://demo-one.example.com", call.StepServicePolicy, 200, "Hello"})
	for _, c := range []struct{ name, spec string }{
		{"namespaces", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}}]}]}"},
		{"neighbours", "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"},
	} {
		h.Apply("eks-two", c.name, networkPolicy(c.name, "apps", c.spec))
		open("with one that admits "+c.name, map[string]call.Caller{"namespaces": stranger, "neighbours": neighbour}[c.name])
		h.Down(c.name)
	}
	decides(h, step{"again", stranger, pod, call.StepPodPolicy, 0, "Connection timed out"})
	h.Down("closed")
	open("without a policy again", neighbour, stranger)
}

// A policy that forgets VPC Lattice takes the application off it; the kubelet
// gets in all the same.
func TestPoliciesAndVPCLattice(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	enforce(h, "eks-two", "true")
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
		h.Apply("eks-two", c.name, networkPolicy("policy", "apps", selector+c.spec))
		if c.passes {
			decides(h, step{c.name, kubetest.Demo, "", call.StepServicePolicy, 200, "Hello"})
		} else {
			decides(h, step{c.name, kubetest.Demo, "", call.StepTarget, 503, "Service Unavailable"})
		}
		h.Down(c.name)
	}
	h.Apply("eks-two", "nobody at all", networkPolicy("policy", "apps", "{podSelector: {}}"))
	probed := strings.Replace(kubetest.Deployment("probed", "apps"), "ports: [{containerPort: 8090}]",
		"ports: [{containerPort: 8090}]\n        readinessProbe: {tcpSocket: {port: 8090}}", 1)
	h.Apply("eks-two", "probed", probed)
}

func TestEgressPolicies(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	enforce(h, "eks-one", "true")
	const (
		dns = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: " +
			"kube-dns}}}], ports: [{protocol: UDP, port: 53}]}"
		lattice = "{to: [{ipBlock: {cidr: 169.254.171.0/24}}]}"
		agent   = "{to: [{ipBlock: {cidr: 169.254.170.23/32}}]}"
	)
	pod := podURL(h, "eks-one", "demo-one-v1")
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
		h.Apply("eks-one", "egress", networkPolicy("egress", "apps", "{podSelector: {}, policyTypes: [Egress], egress: ["+c.rules+"]}"))
		caller := kubetest.Demo
		if c.url != "" {
			caller = call.Caller{Cluster: "eks-one", Namespace: "apps"}
		}
		decides(h, step{c.rules, caller, c.url, c.step, c.status, c.word})
		h.Down("egress")
	}
}

// The controller that adds the finalizer is gone when enforcement is off.
func TestPoliciesAreReleased(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	enforce(h, "one", "true")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	h.Apply("one", "policy", networkPolicy("policy", "apps", "{podSelector: {}}"))
	if _, _, diff, _ := h.Resource("policy").Refresh(h.World); len(diff.Keys) > 0 {
		t.Errorf("a refresh finds %v", diff.Keys)
	}
	if !h.Depends("policy", "one.vpc-cni", world.Create) {
		t.Error("a policy does not need what enforces it")
	}
	enforce(h, "one", "false")
	h.Refused(h.Delete("policy"), networkpolicy.LawReleased, "finalizers might be preventing deletion (networking.k8s.aws/resources)",
		"the network policy controller of EKS is off")
	h.Refused(h.Delete("apps"), controller.LawNamespaceEmpties, "networking.k8s.aws/resources in 1 resource instances")
	enforce(h, "one", "true")
	h.Down("policy", "apps")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	h.Apply("one", "held", strings.Replace(networkPolicy("policy", "apps", "{podSelector: {}}"), "namespace: apps",
		"namespace: apps, finalizers: [example.com/hold]", 1))
	if have := obj.Strings(h.Object("one", "networking.k8s.io", "NetworkPolicy", "apps", "policy"), "metadata",
		"finalizers"); !slices.Equal(have, []string{"example.com/hold", "networking.k8s.aws/resources"}) {
		t.Errorf("finalizers: %v", have)
	}
	h.Refused(h.Delete("held"), controller.LawFinalizers, "finalizers might be preventing deletion (example.com/hold)")
}
