package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/recorder"
	"eks-lattice/internal/sidecar"
)

// Every in-cluster object needs nodes, their route to the Internet, and access to
// the API.
func TestObjectsNeedNodesAndAccess(t *testing.T) {
	t.Parallel()
	r := run(t)
	needed := []string{
		"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes",
		"aws:eks/addon:Addon eks-cluster1-vpc-cni",
		"aws:eks/addon:Addon eks-cluster1-eks-pod-identity-agent",
		"aws:ec2/natGateway:NatGateway eks-cluster1-nat-0",
		"eks:index:Cluster eks-cluster1-eks",
	}
	for _, res := range r.Resources() {
		if !strings.HasPrefix(res.Type, "kubernetes:") {
			continue
		}
		closure := r.Closure(res.URN)
		for _, need := range needed {
			if !closure[find(t, r, need).URN] {
				t.Errorf("%s does not depend on %s", res.URN, need)
			}
		}
	}
}

// An object comes after its namespace, and a pod after its service account.
func TestNamespacesAndServiceAccountsComeFirst(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:apps", `[{"name": "demo-cluster1", "namespace": "apps", "serviceAccount": "demo",
		"allow": [{"cluster": "eks-cluster2", "namespace": "apps"}]}]`)
	namespaces := map[string]string{}
	for _, res := range r.OfType("kubernetes:core/v1:Namespace") {
		namespaces[res.Inputs["metadata"].ObjectValue()["name"].StringValue()] = res.URN
	}
	checked := 0
	for _, res := range r.Resources() {
		in := res.Inputs["namespace"] // of a release
		if metadata := res.Inputs["metadata"]; metadata.IsObject() {
			in = metadata.ObjectValue()["namespace"]
		}
		if !strings.HasPrefix(res.Type, "kubernetes:") || !in.IsString() {
			continue
		}
		checked++
		if urn := namespaces[in.StringValue()]; urn == "" || !r.Closure(res.URN)[urn] {
			t.Errorf("%s does not depend on its namespace %s", res.URN, in.StringValue())
		}
	}
	if checked < 9 {
		t.Errorf("only %d objects have a namespace", checked)
	}
	checkBefore(t, r, "kubernetes:core/v1:ServiceAccount apps-demo", "kubernetes:apps/v1:Deployment demo-cluster1-deployment",
		"a pod without its service account is refused")
}

func TestEverythingDescendsFromItsComponent(t *testing.T) {
	t.Parallel()
	r := run(t)
	parents := map[string]string{}
	for _, res := range r.Resources() {
		parents[res.URN] = res.Parent
	}
	for _, res := range r.Resources() {
		if strings.HasPrefix(res.Type, "eks-lattice:") || res.Name == "aws" || res.Name == "eks" {
			continue
		}
		urn := res.URN
		for urn != "" && !strings.Contains(urn, "eks-lattice:index:") {
			urn = parents[urn]
		}
		if urn == "" {
			t.Errorf("%s has no component above it", res.URN)
		}
		if !strings.Contains(res.Parent, "eks-lattice:index:") {
			t.Errorf("%s is a child of %s", res.URN, res.Parent)
		}
	}
}

// Resources with a finalizer or a controller get more than Pulumi's ten minutes.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	r := run(t)
	for _, want := range []struct{ resource, timeout string }{
		{"kubernetes:helm.sh/v3:Release eks-cluster1-lattice-controller", "15m"},
		{"kubernetes:helm.sh/v3:Release eks-cluster1-external-dns", "15m"},
		{"kubernetes:helm.sh/v3:Release eks-cluster1-kyverno", "15m"},
		{"kubernetes:gateway.networking.k8s.io/v1:GatewayClass eks-cluster1-gateway-class", "15m"},
		{"kubernetes:gateway.networking.k8s.io/v1:Gateway eks-cluster1-gateway", "15m"},
		{"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route", "15m"},
		{"kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy demo-cluster1-auth-policy", "15m"},
		{"kubernetes:core/v1:Namespace apps-namespace", "15m"},
		{"kubernetes:core/v1:Namespace eks-cluster1-namespace-lattice-gateway", "15m"},
		{crd + "httproutes.gateway.networking.k8s.io", "15m"},
		{"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "45m"},
		{"aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation eks-cluster1-service-network", "20m"},
	} {
		res := find(t, r, want.resource)
		if res.CreateTimeout != want.timeout || res.DeleteTimeout != want.timeout {
			t.Errorf("%s: got %q to create and %q to delete, want %s", want.resource, res.CreateTimeout, res.DeleteTimeout, want.timeout)
		}
	}
}

// Each is ready only when the next step finds what it needs.
func TestReadiness(t *testing.T) {
	t.Parallel()
	r := run(t)
	const annotation = "jsonpath={.metadata.annotations['application-networking.k8s.aws/"
	for _, test := range []struct{ resource, want string }{
		{"kubernetes:gateway.networking.k8s.io/v1:GatewayClass eks-cluster1-gateway-class", "condition=Accepted"},
		{"kubernetes:gateway.networking.k8s.io/v1:Gateway eks-cluster1-gateway", "condition=Programmed"},
		{"kubernetes:policies.kyverno.io/v1:MutatingPolicy eks-cluster1-injection",
			`jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`},
		{"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route", annotation + "lattice-assigned-domain-name']}"},
		{"kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy demo-cluster1-auth-policy",
			annotation + "iam-auth-policy-resource-id']}"},
	} {
		if got := annotationsOf(find(t, r, test.resource))["pulumi.com/waitFor"].StringValue(); got != test.want {
			t.Errorf("%s waits for %s, want %s", test.resource, got, test.want)
		}
	}
}

// A namespace of callers has what its pods need to call, and publishes nothing.
func TestNamespacesOfCallers(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:namespaces", `[{"name": "jobs", "serviceAccounts": ["nightly"]}, {"name": "apps", "serviceAccounts": ["extra"]}]`)
	labels := func(namespace string) resource.PropertyMap {
		return r.Get(t, "kubernetes:core/v1:Namespace", namespace+"-namespace").Inputs["metadata"].ObjectValue()["labels"].ObjectValue()
	}
	if got := labels("jobs"); got.HasValue("allow-attachment-to-infra-gw") || !got.HasValue(resource.PropertyKey(sidecar.NamespaceLabelKey)) {
		t.Errorf("labels of jobs: %v", got)
	}
	if got := labels("apps"); !got.HasValue("allow-attachment-to-infra-gw") {
		t.Errorf("labels of apps: %v", got)
	}
	var pairs []string
	for _, res := range r.OfType(identity) {
		pairs = append(pairs, res.Inputs["namespace"].StringValue()+"/"+res.Inputs["serviceAccount"].StringValue())
	}
	for _, pair := range []string{"jobs/nightly", "apps/default", "apps/extra"} {
		if count(pairs, pair) != 1 {
			t.Errorf("associations %v, want %s once", pairs, pair)
		}
	}
	r.Get(t, "kubernetes:core/v1:ServiceAccount", "jobs-nightly")
	r.Get(t, "kubernetes:core/v1:ConfigMap", "jobs-proxy")
}

// Pods behind published Services call with service accounts that somebody else creates,
// unless the stack creates one of that name anyway.
func TestServiceAccountsOfOthers(t *testing.T) {
	t.Parallel()
	o := options("eks-lattice:namespaces", `[{"name": "shop", "serviceAccounts": ["web"]}]`, "eks-lattice:apps", `[
		{"name": "orders", "namespace": "shop", "service": {"name": "orders", "port": 80}, "serviceAccount": "orders", "allow": [`+other+`]},
		{"name": "returns", "namespace": "shop", "service": {"name": "returns", "port": 80}, "serviceAccount": "web", "allow": [`+other+`]},
		{"name": "stock", "namespace": "shop", "service": {"name": "stock", "port": 80}, "allow": [`+other+`]}]`)
	o.Objects = map[string]resource.PropertyMap{}
	for _, name := range []string{"orders", "returns", "stock"} {
		o.Objects["kubernetes:core/v1:Service shop/"+name] = resource.NewPropertyMapFromMap(map[string]any{
			"spec": map[string]any{"ports": []any{map[string]any{"port": 80}}}})
		o.Objects["kubernetes:core/v1:Endpoints shop/"+name] = resource.NewPropertyMapFromMap(map[string]any{
			"subsets": []any{map[string]any{"addresses": []any{map[string]any{"ip": "10.0.0.1"}}}}})
	}
	r, err := recorder.Run(t, o, Run)
	if err != nil {
		t.Fatal(err)
	}
	var called, created []string
	for _, res := range r.OfType(identity) {
		if res.Inputs["namespace"].StringValue() == "shop" {
			called = append(called, res.Inputs["serviceAccount"].StringValue())
		}
	}
	for _, res := range r.OfType("kubernetes:core/v1:ServiceAccount") {
		created = append(created, res.Name)
	}
	slices.Sort(called)
	if strings.Join(called, " ") != "orders web" || strings.Join(created, " ") != "shop-web" {
		t.Errorf("pods of %q may call, and the stack creates %q", called, created)
	}
	for _, kind := range []string{"apps/v1:Deployment", "policy/v1:PodDisruptionBudget", "networking.k8s.io/v1:NetworkPolicy"} {
		if found := r.OfType("kubernetes:" + kind); len(found) > 0 {
			t.Errorf("creates %s", found[0].URN)
		}
	}
}

const other = `{"cluster": "eks-other", "namespace": "apps"}`
