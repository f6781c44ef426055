package cluster

import (
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/recorder"
)

const environmentStack = "organization/eks-lattice/environment"

// environmentOutputs are those of a deployed environment.
func environmentOutputs() resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{
		"accountId":          recorder.AccountID,
		"region":             recorder.Region,
		"partition":          recorder.Partition,
		"domain":             "example.com",
		"serviceNetworkName": "lattice-gateway",
		"serviceNetworkId":   "sn-1",
		"serviceNetworkArn":  "arn:aws:vpc-lattice:ap-northeast-2:123456789012:servicenetwork/sn-1",
		"zoneId":             "Z1",
		"zoneArn":            "arn:aws:route53:::hostedzone/Z1",
		"certificateArn":     "arn:aws:acm:ap-northeast-2:123456789012:certificate/1",
		"caCertificate":      recorder.CACertificate,
		"caArn":              "",
		"clientRoleArn":      "arn:aws:iam::123456789012:role/vpc-lattice-sigv4-client",
	})
}

// options returns those of a plain cluster stack, changed by pairs of key and value.
func options(pairs ...string) recorder.Options {
	config := map[string]string{
		"aws:region":       recorder.Region,
		"eks-lattice:role": "cluster",
		"eks-lattice:apps": `[{"name": "demo-cluster1", "namespace": "apps", "allow": [{"cluster": "eks-cluster2", "namespace": "apps"}]}]`,
	}
	for i := 0; i < len(pairs); i += 2 {
		config[pairs[i]] = pairs[i+1]
	}
	return recorder.Options{
		Stack:   "cluster1",
		Config:  config,
		Outputs: map[string]resource.PropertyMap{environmentStack: environmentOutputs()},
	}
}

// run runs a cluster's stack, which must succeed.
func run(t *testing.T, pairs ...string) *recorder.Recording {
	t.Helper()
	recording, err := recorder.Run(t, options(pairs...), Run)
	if err != nil {
		t.Fatal(err)
	}
	return recording
}

func without(outputs resource.PropertyMap, names ...resource.PropertyKey) resource.PropertyMap {
	rest := maps.Clone(outputs)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}
