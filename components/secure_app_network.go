package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newNetworkPolicy keeps callers from bypassing VPC Lattice, and with it Allow. It
// admits Lattice's requests and health checks, which come from Lattice's own
// addresses, and nothing else. The kubelet's probes always pass. The policy does
// not restrict what the pods call.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
// https://github.com/aws/aws-network-policy-agent/blob/main/pkg/fwruleprocessor/fw_rule_processor.go
//
// It selects the pods that the Service selects, which a route leads to, and no
// other pods of the namespace.
func (a *workload) newNetworkPolicy(ctx *pulumi.Context, before []pulumi.Resource) (pulumi.Resource, error) {
	ranges := a.cluster().LatticeRanges
	from := make([]any, len(ranges))
	for i, cidr := range ranges {
		from[i] = map[string]any{"ipBlock": map[string]any{"cidr": cidr}}
	}
	var ports []any
	for _, port := range a.ports() {
		ports = append(ports, map[string]any{"protocol": "TCP", "port": port})
	}
	policy, err := newObject(ctx, a.child("network-policy"), map[string]any{
		"apiVersion": "networking.k8s.io/v1",
		"kind":       "NetworkPolicy",
		"metadata": map[string]any{
			"name": a.version(), "namespace": a.args.Namespace.Name, "labels": untyped(a.labelsOfVersion()),
		},
		"spec": map[string]any{
			"podSelector": map[string]any{"matchLabels": untyped(a.selector())},
			"policyTypes": []any{"Ingress"},
			"ingress": []any{map[string]any{
				"from":  from,
				"ports": ports,
			}},
		},
	}, pulumi.Parent(a), timeouts(controllerTimeout),
		pulumi.DependsOn(before)) // these depend on its namespace
	if err != nil {
		return nil, fmt.Errorf("creating network policy %s: %w", a.version(), err)
	}
	return policy, nil
}
