package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newNetworkPolicy closes the way past VPC Lattice, and so past Callers: it
// admits Lattice's requests and health checks, which come from Lattice's own
// addresses, and nobody else. The kubelet's probes always pass, and what the
// pods call themselves is left open.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
// https://github.com/aws/aws-network-policy-agent/blob/main/pkg/fwruleprocessor/fw_rule_processor.go
//
// It selects the pods that the Service selects, for these are what a route leads
// to. Whoever else has pods in the namespace opens and closes them as they like.
func (a *SecureApp) newNetworkPolicy(ctx *pulumi.Context) (pulumi.Resource, error) {
	from := make([]any, len(a.args.LatticeRanges))
	for i, cidr := range a.args.LatticeRanges {
		from[i] = map[string]any{"ipBlock": map[string]any{"cidr": cidr}}
	}
	policy, err := newObject(ctx, a.name+"-network-policy", map[string]any{
		"apiVersion": "networking.k8s.io/v1",
		"kind":       "NetworkPolicy",
		"metadata":   map[string]any{"name": a.version(), "namespace": a.args.Namespace},
		"spec": map[string]any{
			"podSelector": map[string]any{"matchLabels": map[string]any{podLabel: a.version()}},
			"policyTypes": []any{"Ingress"},
			"ingress": []any{map[string]any{
				"from":  from,
				"ports": []any{map[string]any{"protocol": "TCP", "port": appPort}},
			}},
		},
	}, pulumi.Parent(a), timeouts(controllerTimeout),
		pulumi.DependsOn(a.args.BeforePods)) // its namespace is behind these
	if err != nil {
		return nil, fmt.Errorf("creating network policy %s: %w", a.version(), err)
	}
	return policy, nil
}
