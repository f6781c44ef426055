package environment

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/recorder"
)

// What the environment writes is what a cluster reads.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"acm-pca", "self-managed"} {
		written := map[string]string{}
		_, err := recorder.Run(t, options("caMode", mode), func(ctx *pulumi.Context) error {
			s, err := deploy(ctx)
			if err != nil {
				return err
			}
			for _, output := range contract {
				if written[output.name], err = recorder.Await(output.write(*s).ToStringOutput()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		read := readBack(t, written)
		for _, output := range contract {
			value := output.read(read)
			if value.Plain() != written[output.name] {
				t.Errorf("%s, %s: wrote %q, read %q", mode, output.name, written[output.name], value.Plain())
			}
			if value.Plain() == "" && !output.optional {
				t.Errorf("%s, %s: is empty", mode, output.name)
			}
		}
	}
}

// readBack reads outputs as a cluster's stack does.
func readBack(t *testing.T, written map[string]string) *Outputs {
	t.Helper()
	outputs := map[string]any{}
	for name, text := range written {
		outputs[name] = text
	}
	var read *Outputs
	_, err := recorder.Run(t, recorder.Options{
		Stack:   "cluster1",
		Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": resource.NewPropertyMapFromMap(outputs)},
	}, func(ctx *pulumi.Context) error {
		var missing problem.List
		read, missing = ReadOutputs(ctx, "environment")
		return missing.Err("the environment")
	})
	if err != nil {
		t.Fatal(err)
	}
	return read
}
