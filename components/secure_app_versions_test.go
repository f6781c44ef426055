package components

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
)

// canary is an application with a stable version and a canary.
func canary(args *SecureAppArgs) {
	args.Replicas = 3
	args.Container.Env = map[string]string{"LEVEL": "info", "ZONE": "a"}
	args.Versions = []VersionArgs{
		{Name: "v1", Weight: 80},
		{Name: "v2", Weight: 20, Image: "billing:2", Replicas: 1, Env: map[string]string{"LEVEL": "debug"}},
	}
}

func specOf(t *testing.T, r *recorder.Recording, name string) map[string]any {
	t.Helper()
	return plain(t, find(t, r, name).Inputs)["spec"].(map[string]any)
}

// Each version has objects of its own, and takes from the application what it does
// not give itself. v1 keeps the names of an application without versions.
func TestVersions(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, canary)
	if err != nil {
		t.Fatal(err)
	}
	for suffix, want := range map[string]struct {
		name, image, level string
		replicas           float64
	}{
		"": {"billing-v1", billing().Container.Image, "info", 3}, "-v2": {"billing-v2", "billing:2", "debug", 1},
	} {
		deployment := specOf(t, r, "kubernetes:apps/v1:Deployment billing-deployment"+suffix)
		if deployment["replicas"] != want.replicas {
			t.Errorf("%s: %v replicas", want.name, deployment["replicas"])
		}
		container := deployment["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
		if image := container["image"].(string); want.image != "" && !strings.HasSuffix(image, want.image) {
			t.Errorf("%s has image %s", want.name, image)
		}
		checkJSON(t, "variables", container["env"], `[{"name": "LEVEL", "value": "`+want.level+`"},
			{"name": "PodName", "value": "Hello from `+want.name+`"}, {"name": "ZONE", "value": "a"}]`)
		selector := `{"app": "` + want.name + `"}`
		checkJSON(t, "service", specOf(t, r, "kubernetes:core/v1:Service billing-service"+suffix)["selector"], selector)
		checkJSON(t, "policy", specOf(t, r, "kubernetes:networking.k8s.io/v1:NetworkPolicy billing-network-policy"+suffix)["podSelector"],
			`{"matchLabels": `+selector+`}`)
	}
	route := find(t, r, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute billing-route")
	checkJSON(t, "rules", plain(t, route.Inputs)["spec"].(map[string]any)["rules"], `[{"backendRefs": [
		{"name": "billing-v1", "kind": "Service", "port": 80, "weight": 80}, {"name": "billing-v2", "kind": "Service", "port": 80, "weight": 20}],
		"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]`)
	// A version that is not listed any more loses its objects after the route's change.
	for _, name := range []string{"kubernetes:core/v1:Service billing-service", "kubernetes:core/v1:Service billing-service-v2"} {
		if !slices.Contains(route.DependsOn, find(t, r, name).URN) {
			t.Errorf("the route does not depend on %s", name)
		}
	}
}

// The route of a gRPC application is a GRPCRoute on the HTTPS listener alone, and its
// policy is that route's.
func TestGRPCApplication(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, func(args *SecureAppArgs) {
		canary(args)
		args.Protocol = "grpc"
		args.Routes = []RouteArgs{
			{Path: "/shop.Cart", Version: "v2"},
			{ExactPath: "/shop.Orders/Get", Headers: map[string]string{"x-tenant": "blue"}},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	spec := specOf(t, r, "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute billing-route")
	checkJSON(t, "listeners", spec["parentRefs"], `[{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "lattice-gateway",
		"namespace": "lattice-gateway", "sectionName": "https-listener-with-custom-domain"}]`)
	shares := `[{"name": "billing-v1", "kind": "Service", "port": 80, "weight": 80}, {"name": "billing-v2", "kind": "Service", "port": 80,
		"weight": 20}]`
	checkJSON(t, "rules", spec["rules"], `[
		{"matches": [{"method": {"type": "Exact", "service": "shop.Cart"}}],
			"backendRefs": [{"name": "billing-v2", "kind": "Service", "port": 80, "weight": 1}]},
		{"matches": [{"method": {"type": "Exact", "service": "shop.Orders", "method": "Get"},
			"headers": [{"type": "Exact", "name": "x-tenant", "value": "blue"}]}], "backendRefs": `+shares+`},
		{"backendRefs": `+shares+`}]`)
	policy := specOf(t, r, "kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy billing-auth-policy")
	checkJSON(t, "target", policy["targetRef"], `{"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "name": "billing"}`)
}
