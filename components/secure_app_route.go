package components

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
)

// newRoute gives the application its name: the Lattice controller creates a
// Lattice service for the route, and ExternalDNS a record.
func (a *SecureApp) newRoute(ctx *pulumi.Context, workload []pulumi.Resource) (pulumi.Resource, error) {
	// Without a section, a route attaches to every listener that fits: to both
	// on 443.
	parent := func(section string) map[string]any {
		return map[string]any{
			"group": gatewayAPI, "kind": "Gateway",
			"name": a.environment().ServiceNetworkName, "namespace": gatewayNamespace,
			"sectionName": section,
		}
	}
	parents := []any{parent(httpListener), parent(httpsListenerOfDomain)}
	if a.args.Protocol == names.ProtocolGRPC {
		parents = parents[1:] // an HTTP listener takes no GRPCRoute
	}
	annotations := map[string]any{waitForAnnotation: annotationAppears(domainAnnotation)}
	if tags := tagList(a.cluster().Tags); tags != "" {
		annotations[tagsAnnotation] = tags
	}
	route, err := newObject(ctx, a.name+"-route", map[string]any{
		"apiVersion": gatewayAPIVersion,
		"kind":       a.routeKind(),
		"metadata": map[string]any{
			"name":        a.args.Name,
			"namespace":   a.args.Namespace.Name,
			"labels":      untyped(a.labels()),
			"annotations": annotations,
		},
		"spec": map[string]any{
			"parentRefs": parents,
			"hostnames":  []any{a.hostname()},
			"rules":      a.rules(),
		},
	}, pulumi.Parent(a), timeouts(controllerTimeout),
		// With the workload, so that the route is deleted before the pods are.
		pulumi.DependsOn(slices.Concat(a.cluster().beforeRoutes, workload)))
	if err != nil {
		return nil, fmt.Errorf("creating route %s: %w", a.args.Name, err)
	}
	return route, nil
}

// newAuthPolicy says who may call the application.
func (a *SecureApp) newAuthPolicy(ctx *pulumi.Context, route pulumi.Resource) error {
	_, err := newObject(ctx, a.name+"-auth-policy", map[string]any{
		"apiVersion": latticeAPIVersion,
		"kind":       "IAMAuthPolicy",
		"metadata": map[string]any{
			"name":        a.args.Name + "-iam-auth-policy",
			"namespace":   a.args.Namespace.Name,
			"labels":      untyped(a.labels()),
			"annotations": map[string]any{waitForAnnotation: annotationAppears(policyAnnotation)},
		},
		"spec": map[string]any{
			"targetRef": map[string]any{"group": gatewayAPI, "kind": a.routeKind(), "name": a.args.Name},
			"policy":    callersPolicy(a.environment().Account, a.args.Allow).JSON(),
		},
	}, pulumi.Parent(a), timeouts(controllerTimeout),
		// The controller regards a policy for a service that does not exist yet as
		// applied, and does not retry it.
		// https://github.com/aws/aws-application-networking-k8s/pull/481
		pulumi.DependsOn([]pulumi.Resource{route}))
	if err != nil {
		return fmt.Errorf("creating auth policy of %s: %w", a.args.Name, err)
	}
	return nil
}

// tagList formats tags for the controller's annotation.
func tagList(tags map[string]string) string {
	pairs := make([]string, 0, len(tags))
	for _, key := range sortedKeys(tags) {
		pairs = append(pairs, key+"="+tags[key])
	}
	return strings.Join(pairs, ",")
}
