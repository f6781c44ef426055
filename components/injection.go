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
	// Kyverno reports a policy as ready before its webhook exists, and pods that are
	// created in between do not get the proxy. Its conditions are one level deeper
	// than those that Pulumi's "condition=" reads. A changed proxy has a policy of
	// another name, which is ready before its pods are created. The former policy is
	// deleted after the former pods.
	annotate(manifest, waitForAnnotation, `jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`)

	policy, err := newObject(ctx, c.name+"-injection", manifest,
		pulumi.Parent(c), pulumi.Provider(c.kubernetes), timeouts(controllerTimeout),
		// Kyverno defines the policy's kind. A destroy deletes the policy first:
		// without a policy, Kyverno's webhook intercepts nothing.
		pulumi.DependsOn([]pulumi.Resource{c.controllers.kyverno}))
	if err != nil {
		return fmt.Errorf("installing injection policy: %w", err)
	}
	c.injection = policy
	c.InjectionPolicy = policy.ID().ToStringOutput() // without a namespace, the id is the name
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
