package cluster_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/kubetest"
)

// The whole system comes up, answers, finds nothing to change and goes down
// without a rest.
func TestLife(t *testing.T) {
	t.Parallel()
	h := kubetest.New(t)
	kubetest.Environment(h)
	for _, c := range [][2]string{{"eks-cluster1", "eks-cluster2"}, {"eks-cluster2", "eks-cluster1"}} {
		kubetest.Platform(h, c[0])
		kubetest.App(h, c[0], c[1])
	}
	calls(h)
	if h.Object("eks-cluster1", "", "Namespace", "", "elsewhere") != nil {
		t.Error("a call leaves its namespace behind")
	}
	for _, name := range h.Created() {
		secondUp(h, name)
	}
	for _, name := range slices.Backward(h.Created()) {
		h.Down(name)
	}
	if left := append(h.Account.Leftovers(), h.Clusters.Leftovers()...); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if w := h.Clusters.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
}

// calls makes the calls of the demo, and some that have to fail.
func calls(h *kubetest.Harness) {
	h.T.Helper()
	from := func(cluster string) call.Caller {
		return call.Caller{Cluster: "eks-" + cluster, Namespace: "apps", Deployment: "demo-" + cluster + "-v1"}
	}
	for _, c := range []struct {
		caller  call.Caller
		url     string
		allowed bool
		by      string
		words   []string
	}{
		{from("cluster1"), "http://demo-cluster2.example.com", true, call.StepServicePolicy,
			[]string{"Requsting to Pod(demo-cluster2-v1-", "): Hello from demo-cluster2-v1"}},
		{from("cluster2"), "http://demo-cluster1.example.com", true, call.StepServicePolicy, []string{"Hello from demo-cluster1-v1"}},
		{from("cluster1"), "http://demo-cluster1.example.com", false, call.StepServicePolicy, []string{
			"AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/client/eks-eks-cluste-demo-clust-",
			"is not authorized to perform: vpc-lattice-svcs:Invoke on resource: arn:aws:vpc-lattice:ap-northeast-2:123456789012:service/svc-",
			"/ because no service-based policy allows the vpc-lattice-svcs:Invoke action"}},
		{from("cluster2"), "http://demo-cluster2.example.com", false, call.StepServicePolicy, nil},
		{from("cluster1"), "https://demo-cluster2.example.com", false, call.StepTLS, []string{"curl: (60)"}},
		{from("cluster1"), "http://nobody.example.com", false, call.StepDNS, []string{"Could not resolve host"}},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "apps"}, "http://demo-cluster2.example.com", false, call.StepSignature,
			[]string{"anonymous"}},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "apps", Injected: true}, "http://demo-cluster2.example.com", true,
			call.StepServicePolicy, nil},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "elsewhere", Injected: true}, "http://demo-cluster2.example.com", false,
			call.StepServicePolicy, []string{"eks-eks-cluste-caller-"}},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "apps", Injected: true, Elsewhere: true}, "http://demo-cluster2.example.com", false,
			call.StepNetworkPolicy, []string{"arn:aws:sts::210987654321"}},
	} {
		r := h.Call(c.caller, c.url)
		if r.Allowed != c.allowed || r.DecidedBy != c.by {
			h.T.Errorf("%+v %s: %+v", c.caller, c.url, r)
		}
		for _, w := range c.words {
			if !strings.Contains(r.Body, w) {
				h.T.Errorf("%+v %s: want %q in %+v", c.caller, c.url, w, r)
			}
		}
	}
}

// secondUp checks that neither a second up nor a refresh changes a resource.
func secondUp(h *kubetest.Harness, name string) {
	h.T.Helper()
	m := h.Resource(name)
	checked, _, err := m.Backend.Check(m.Instance, m.URN, m.Inputs, m.Inputs)
	if err != nil {
		h.T.Fatal(err)
	}
	if diff, err := m.Backend.Diff(m.Instance, m.URN, m.Inputs, m.Outputs, checked); err != nil || len(diff.Keys) > 0 {
		h.T.Errorf("a second up changes %s: %v %v", name, diff.Keys, err)
	}
	in, out, diff, err := m.Refresh(h.World)
	// Both clusters are associated with the zone, which gave a VPC of its own.
	if err != nil || out == nil || (name == "zone") != (len(diff.Keys) > 0) || (name == "zone") == reflect.DeepEqual(in, m.Inputs) {
		h.T.Errorf("a refresh finds %s: %v %v", name, diff.Keys, err)
	}
}

// TestCallsLeaveClustersAtRest shows what a rehearsal's time hangs on: neither
// calls nor reads make controllers work.
func TestCallsLeaveClustersAtRest(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	h.Call(kubetest.Demo, "http://demo-two.example.com")
	at := func() (all []kubetest.State) {
		for _, c := range h.Clusters.Live() {
			if !c.Resting() {
				t.Errorf("%s is not at rest", c.EKS.Name)
			}
			all = append(all, kubetest.StateOf(c))
		}
		return all
	}
	before := at()
	h.Call(kubetest.Demo, "https://demo-two.example.com")
	if _, _, _, err := h.Resource("eks-one.deployment").Refresh(h.World); err != nil {
		t.Fatal(err)
	}
	if after := at(); !slices.Equal(before, after) {
		t.Errorf("a call of a running pod and a read led from %+v to %+v", before, after)
	}
	h.Call(call.Caller{Cluster: "eks-one", Namespace: "elsewhere", Injected: true}, "http://demo-two.example.com")
	at()
}
