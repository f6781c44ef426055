package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// release is a Helm release: the resource of the SDK's helm/v3 package, without that
// package. Importing it compiles every API group of Kubernetes and doubles the time
// of a cold build.
// https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/
type release struct {
	pulumi.CustomResourceState
}

// releaseArgs are the inputs of a release that this project uses.
type releaseArgs struct {
	// Chart is the name of a chart in Repository, or a whole oci:// location.
	Chart string
	// Repository is empty for an oci:// chart.
	Repository string
	Version    string
	// Name of the release. It is fixed, because the charts derive the names of
	// service accounts and webhooks from it.
	Name      string
	Namespace pulumi.StringInput
	Values    map[string]any
	// SkipCRDs ignores a chart's crds folder.
	SkipCRDs bool
}

func (a releaseArgs) inputs() pulumi.Map {
	in := pulumi.Map{
		"chart":     pulumi.String(a.Chart),
		"version":   pulumi.String(a.Version),
		"name":      pulumi.String(a.Name),
		"namespace": a.Namespace,
		"values":    pulumi.Any(a.Values),
		"skipCrds":  pulumi.Bool(a.SkipCRDs),
		// Hooks run as Jobs. Without this, a release is ready while they still run.
		"waitForJobs": pulumi.Bool(true),
		"timeout":     pulumi.Int(int(controllerTimeout.Seconds())),
	}
	if a.Repository != "" {
		in["repositoryOpts"] = pulumi.Map{"repo": pulumi.String(a.Repository)}
	}
	return in
}

func newRelease(ctx *pulumi.Context, name string, args releaseArgs, opts ...pulumi.ResourceOption) (*release, error) {
	var r release
	opts = append(opts, timeouts(controllerTimeout))
	if err := ctx.RegisterResource("kubernetes:helm.sh/v3:Release", name, args.inputs(), &r, opts...); err != nil {
		return nil, fmt.Errorf("installing chart %s: %w", args.Chart, err)
	}
	return &r, nil
}
