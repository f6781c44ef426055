package environment

import (
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/recorder"
)

// written is what each output is in the recorded account, in both modes of the
// CA that make one. Only the CA's own ARN differs.
var written = map[string]string{
	"accountId": recorder.AccountID, "region": recorder.Region, "partition": recorder.Partition,
	"domain": "example.com", "zoneId": "environment-zone-id", "zoneArn": "arn:aws:test:::environment-zone",
	"serviceNetworkName": "lattice-gateway", "serviceNetworkId": "environment-service-network-id",
	"serviceNetworkArn": "arn:aws:test:::environment-service-network",
	"certificateArn":    "arn:aws:test:::environment-certificate", "caCertificate": recorder.CACertificate,
	"clientRoleArn": "arn:aws:test:::environment-client-vpc-lattice-sigv4-client",
}

// What the environment writes is what a cluster reads.
func TestContract(t *testing.T) {
	t.Parallel()
	for mode, caARN := range map[string]string{"acm-pca": "arn:aws:test:::environment-ca", "self-managed": ""} {
		got := map[string]string{}
		_, err := recorder.Run(t, options("caMode", mode), func(ctx *pulumi.Context) error {
			s, err := deploy(ctx)
			if err != nil {
				return err
			}
			for _, output := range contract {
				if got[output.name], err = recorder.Await(output.write(*s).ToStringOutput()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := maps.Clone(written)
		want["caArn"] = caARN
		if !maps.Equal(got, want) {
			t.Errorf("%s: wrote %v, want %v", mode, got, want)
		}
		read := readBack(t, got)
		for _, output := range contract {
			value := output.read(read)
			if value.Plain() != got[output.name] {
				t.Errorf("%s, %s: wrote %q, read %q", mode, output.name, got[output.name], value.Plain())
			}
			if value.Plain() == "" && !output.optional {
				t.Errorf("%s, %s: is empty", mode, output.name)
			}
		}
	}
}

// readBack reads outputs as a cluster's stack does.
func readBack(t *testing.T, texts map[string]string) *Outputs {
	t.Helper()
	outputs := map[string]any{}
	for name, text := range texts {
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
