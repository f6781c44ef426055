package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/sidecar"
)

// newInjection installs the policy that puts the signing proxy into pods.
func (c *LatticeCluster) newInjection(ctx *pulumi.Context) error {
	manifest, err := sidecar.MutatingPolicy(c.args.Proxy.sidecar(c.args.Environment.Account, c.args.Sources))
	if err != nil {
		return fmt.Errorf("rendering injection policy: %w", err)
	}
	// Kyverno calls a policy ready before its webhook is there, and pods that
	// come in between stay without the proxy. Its conditions are one level
	// further down than Pulumi's "condition=" looks. Another proxy has a policy of
	// another name, which is there, and ready, before the pods that it is for, and
	// the former one goes after their predecessors.
	annotate(manifest, waitForAnnotation, `jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`)

	policy, err := newObject(ctx, c.name+"-injection", manifest,
		pulumi.Parent(c), pulumi.Provider(c.kubernetes), timeouts(controllerTimeout),
		// It brings the policy's kind. On the way down it goes last: without a
		// policy its webhook watches nothing.
		pulumi.DependsOn([]pulumi.Resource{c.controllers.kyverno}))
	if err != nil {
		return fmt.Errorf("installing injection policy: %w", err)
	}
	c.injection = policy
	c.InjectionPolicy = policy.ID().ToStringOutput() // of what has no namespace: its name
	return nil
}

func annotate(manifest map[string]any, key, value string) {
	metadata := manifest["metadata"].(map[string]any)
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations[key] = value
}
