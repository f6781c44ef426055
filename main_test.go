package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"sigs.k8s.io/yaml"

	"eks-lattice/internal/recorder"
)

func TestRoleProblems(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"": `eks-lattice:role: is missing; set it to environment or cluster, with "pulumi config set role ROLE"`,
		"clusters": `eks-lattice:role = "clusters": is not a role of a stack, ` +
			`which "pulumi config set role ROLE" sets; give environment or cluster`,
	} {
		r, err := recorder.Run(t, recorder.Options{Stack: "prod", Config: map[string]string{"eks-lattice:role": role}}, run)
		if want = "the configuration of stack \"prod\" has 1 problem:\n  " + want; err == nil || err.Error() != want {
			t.Errorf("got:\n%v\nwant:\n%s", err, want)
		}
		if created := r.Resources(); len(created) > 0 {
			t.Errorf("created %d resources", len(created))
		}
	}
}

// Every stack file of the project and its examples creates its applications.
func TestStackFiles(t *testing.T) {
	t.Parallel()
	files := slices.Concat(stackFiles(t, "Pulumi.*.yaml"), stackFiles(t, "examples/*/Pulumi.*.yaml"))
	if len(files) < 6 {
		t.Fatalf("found only %v", files)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			r, err := recorder.Run(t, recorder.Options{
				Stack: stackOf(file), Config: stackConfig(t, file), Objects: services(),
				Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": environmentOutputs()},
			}, run)
			if err != nil {
				t.Fatal(err)
			}
			var apps []struct{ Name string }
			if text, ok := stackConfig(t, file)["eks-lattice:apps"]; ok {
				if err := json.Unmarshal([]byte(text), &apps); err != nil {
					t.Fatal(err)
				}
			}
			if got := len(r.OfType("eks-lattice:index:SecureApp")); got != len(apps) {
				t.Errorf("created %d applications, the file has %d", got, len(apps))
			}
		})
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func environmentOutputs() resource.PropertyMap {
	outputs := map[string]any{
		"accountId": recorder.AccountID, "region": recorder.Region, "partition": recorder.Partition, "caCertificate": recorder.CACertificate,
	}
	for _, name := range []string{
		"domain", "serviceNetworkName", "serviceNetworkId", "serviceNetworkArn", "zoneId", "zoneArn", "certificateArn",
	} {
		outputs[name] = "some-" + name
	}
	outputs["clientRoleArn"] = "arn:aws:iam::" + recorder.AccountID + ":role/vpc-lattice-sigv4-client"
	return resource.NewPropertyMapFromMap(outputs)
}

// stackConfig returns a stack's configuration in the form that programs get.
func stackConfig(t *testing.T, file string) map[string]string {
	t.Helper()
	var stack struct{ Config map[string]any }
	readYAML(t, file, &stack)
	config := map[string]string{}
	for key, value := range stack.Config {
		config[key] = asText(t, value)
	}
	return config
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func asText(t *testing.T, value any) string {
	t.Helper()
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
