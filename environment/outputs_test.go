package environment

import (
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/recorder"
)

// written has the value of each output in the recorded account, in both modes that
// create a CA. Only the CA's own ARN differs.
var written = map[string]string{
	"accountId": recorder.AccountID, "region": recorder.Region, "partition": recorder.Partition,
	"domain": "example.com", "zoneId": "environment-zone-id", "zoneArn": "arn:aws:test:::environment-zone",
	"serviceNetworkName": "lattice-gateway", "serviceNetworkId": "environment-service-network-id",
	"serviceNetworkArn": "arn:aws:test:::environment-service-network",
	"certificateArn":    "arn:aws:test:::environment-certificate", "caCertificate": recorder.CACertificate,
	"clientRoleArn": "arn:aws:test:::environment-client-vpc-lattice-sigv4-client",
}

// A cluster reads what the environment writes.
func TestContract(t *testing.T) {
	t.Parallel()
	for mode, caARN := range map[string]string{"acm-pca": "arn:aws:test:::environment-ca", "self-managed": ""} {
		got := map[string]string{}
		_, err := recorder.Run(t, options("caMode", mode), func(ctx *pulumi.Context) error {
			environment, err := deploy(ctx)
			if err != nil {
				return err
			}
			for _, output := range contract {
				if got[output.name], err = recorder.Await(output.write(environment).ToStringOutput()); err != nil {
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
		for name, text := range readBack(t, got) {
			if text != want[name] || text == "" {
				t.Errorf("%s, %s: wrote %q, read %q", mode, name, want[name], text)
			}
		}
	}
}

// readBack reads outputs as the stack of a cluster does.
func readBack(t *testing.T, texts map[string]string) map[string]string {
	t.Helper()
	outputs := map[string]any{}
	for name, text := range texts {
		outputs[name] = text
	}
	read := map[string]string{}
	_, err := recorder.Run(t, recorder.Options{
		Stack:   "cluster1",
		Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": resource.NewPropertyMapFromMap(outputs)},
	}, func(ctx *pulumi.Context) error {
		ref, err := Read(ctx, "environment")
		if err != nil {
			return err
		}
		for name, input := range map[string]pulumi.StringInput{
			"accountId":          pulumi.String(ref.Account.ID),
			"region":             pulumi.String(ref.Account.Region),
			"partition":          pulumi.String(ref.Account.Partition),
			"domain":             pulumi.String(ref.Domain),
			"serviceNetworkName": pulumi.String(ref.ServiceNetworkName),
			"serviceNetworkId":   ref.ServiceNetworkID,
			"zoneId":             ref.ZoneID,
			"zoneArn":            ref.ZoneARN,
			"certificateArn":     ref.CertificateARN,
			"caCertificate":      ref.CACertificate,
			"clientRoleArn":      ref.ClientRoleARN,
		} {
			if read[name], err = recorder.Await(input.ToStringOutput()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return read
}
