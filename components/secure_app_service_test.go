package components

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/recorder"
)

const (
	tService   = "kubernetes:core/v1:Service"
	tEndpoints = "kubernetes:core/v1:Endpoints"
)

// published records billing as an application that publishes apps/accounts, which has
// the given specification and subsets of endpoints.
func published(t *testing.T, spec, subsets any, change func(*SecureAppArgs)) (*recorder.Recording, error) {
	t.Helper()
	objects := map[string]resource.PropertyMap{}
	if spec != nil {
		objects[tService+" apps/accounts"] = resource.NewPropertyMapFromMap(map[string]any{"spec": spec})
		objects[tEndpoints+" apps/accounts"] = resource.NewPropertyMapFromMap(map[string]any{"subsets": subsets})
	}
	return recorder.Run(t, recorder.Options{Objects: objects}, func(ctx *pulumi.Context) error {
		args := billing()
		args.Service = &ServiceRef{Name: "accounts", Port: 8080}
		if change != nil {
			change(args)
		}
		_, err := NewSecureApp(ctx, "billing", args)
		return err
	})
}

// Specifications and subsets of endpoints.
var (
	onPort8080 = map[string]any{"ports": []any{map[string]any{"port": 8080, "targetPort": "http"}}}
	aReadyPod  = []any{map[string]any{"addresses": []any{map[string]any{"ip": "10.0.0.1"}}}}
)

// Only what belongs to the publication is created, and only after the Service answers.
func TestPublishedService(t *testing.T) {
	t.Parallel()
	r, err := published(t, onPort8080, aReadyPod, func(args *SecureAppArgs) {
		args.Protocol = "http2"
		args.HealthCheck = &HealthCheckArgs{Port: 8090, Path: "/healthz"}
	})
	if err != nil {
		t.Fatal(err)
	}
	var created []string
	for _, res := range r.Resources() {
		if res.Reads == "" {
			created = append(created, strings.TrimPrefix(res.Type[strings.LastIndex(res.Type, ":"):], ":")+" "+res.Name)
		}
	}
	slices.Sort(created)
	want := []string{"HTTPRoute billing-route", "IAMAuthPolicy billing-auth-policy", "SecureApp billing",
		"TargetGroupPolicy billing-target-group-policy"}
	if !slices.Equal(created, want) {
		t.Errorf("created %q", created)
	}
	route := find(t, r, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute billing-route")
	policy := find(t, r, "kubernetes:application-networking.k8s.aws/v1alpha1:TargetGroupPolicy billing-target-group-policy")
	checkJSON(t, "rules", plain(t, route.Inputs)["spec"].(map[string]any)["rules"], `[{
		"backendRefs": [{"name": "accounts", "kind": "Service", "port": 8080, "weight": 1}],
		"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]`)
	checkJSON(t, "policy", plain(t, policy.Inputs)["spec"], `{
		"targetRef": {"group": "", "kind": "Service", "name": "accounts"}, "protocol": "HTTP", "protocolVersion": "HTTP2",
		"healthCheck": {"enabled": true, "path": "/healthz", "port": 8090, "protocol": "HTTP", "protocolVersion": "HTTP1", "statusMatch": "200",
			"intervalSeconds": 30, "timeoutSeconds": 5, "healthyThresholdCount": 5, "unhealthyThresholdCount": 2}}`)
	service, endpoints := find(t, r, tService+" billing-service-of-others"), find(t, r, tEndpoints+" billing-endpoints-of-others")
	for _, later := range []*recorder.Resource{route, policy} {
		if !slices.Contains(later.DependsOn, endpoints.URN) {
			t.Errorf("%s does not depend on the Service's endpoints: %q", later.Name, later.DependsOn)
		}
	}
	if !slices.Contains(route.DependsOn, policy.URN) {
		t.Errorf("the route depends on %q", route.DependsOn)
	}
	if service.Reads != "apps/accounts" || endpoints.Reads != "apps/accounts" {
		t.Errorf("read %s and %s", service.Reads, endpoints.Reads)
	}
}

// A Service that nobody could call through VPC Lattice ends the program, and has no route.
func TestServicesThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	waiting := []any{map[string]any{"notReadyAddresses": []any{map[string]any{"ip": "10.0.0.1"}, map[string]any{"ip": "10.0.0.2"}}}}
	for want, c := range map[string]struct{ spec, subsets any }{
		"resource 'apps/accounts' does not exist": {nil, nil},
		"Service apps/accounts has no TCP port 8080; give one of its own: 80, 443": {map[string]any{"ports": []any{map[string]any{"port": 80},
			map[string]any{"port": 8080, "protocol": "UDP"}, map[string]any{"port": 443, "protocol": "TCP"}}}, aReadyPod},
		"Service apps/accounts is of type ExternalName":            {map[string]any{"type": "ExternalName", "ports": onPort8080["ports"]}, nil},
		"there is no running pod behind Service apps/accounts":     {onPort8080, []any{}},
		"none of the 2 pods behind Service apps/accounts is ready": {onPort8080, waiting},
	} {
		r, err := published(t, c.spec, c.subsets, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if routes := r.OfType("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"); len(routes) > 0 {
			t.Errorf("%s: the route is created", want)
		}
	}
	if _, err := published(t, onPort8080, slices.Concat(waiting, aReadyPod), nil); err != nil {
		t.Errorf("one pod of several is ready: %v", err)
	}
}

// A preview that creates the namespace cannot look for a Service in it.
func TestPreviewOfAPublication(t *testing.T) {
	t.Parallel()
	for _, preview := range []bool{true, false} {
		r, err := recorder.Run(t, recorder.Options{Preview: preview}, func(ctx *pulumi.Context) error {
			namespace, err := NewAppNamespace(ctx, "shop", &AppNamespaceArgs{
				Cluster: billing().Namespace.Cluster, ExistingServiceAccounts: []string{"orders"},
			})
			if err != nil {
				return err
			}
			args := billing()
			args.Namespace, args.Service = namespace.Ref(), &ServiceRef{Name: "accounts", Port: 8080}
			_, err = NewSecureApp(ctx, "billing", args)
			return err
		})
		if preview && err != nil || !preview && (err == nil || !strings.Contains(err.Error(), "resource 'shop/accounts' does not exist")) {
			t.Errorf("preview %t: %v", preview, err)
		}
		if reads := r.OfType(tService); (len(reads) == 0) != preview {
			t.Errorf("preview %t reads %d Services", preview, len(reads))
		}
		if accounts := r.OfType("kubernetes:core/v1:ServiceAccount"); len(accounts) > 0 {
			t.Error("creates a service account that somebody else creates")
		}
		find(t, r, "aws:eks/podIdentityAssociation:PodIdentityAssociation shop-orders")
	}
}
