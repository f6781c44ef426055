package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/recorder"
	"eks-lattice/internal/settings"
)

type schema struct {
	Config map[string]struct {
		Type        string
		Default     any
		Description string
		Value       any
	}
}

func TestEveryKeyHasTypeDefaultAndDescription(t *testing.T) {
	t.Parallel()
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	for _, key := range settings.Keys() {
		declared := project.Config[key]
		if declared.Type == "" || declared.Default == nil || declared.Description == "" {
			t.Errorf("%s: type %q, default %v, description %q", key, declared.Type, declared.Default, declared.Description)
		}
	}
	if got := fmt.Sprint(project.Config["pulumi:disable-default-providers"].Value); got != "[*]" {
		t.Errorf("default providers: got %s, want all of them off", got)
	}
}

// A key that is not in the table stops every stack, because nothing would read it.
func TestUnknownKeys(t *testing.T) {
	config := map[string]string{"aws:region": recorder.Region, "aws:foo": "x"}
	for _, key := range settings.Keys() {
		config["eks-lattice:"+key] = "x"
	}
	config["eks-lattice:protectCA"], config["eks-lattice:typo"] = "true", "secret"
	t.Setenv(pulumi.EnvConfig, asText(t, config))
	for _, role := range []string{"", "environment", "cluster"} {
		_, err := recorder.Run(t, recorder.Options{Stack: "prod", Config: map[string]string{"eks-lattice:role": role}}, run)
		const want = `
  eks-lattice:protectCA: is not a key of this project; write eks-lattice:protectCa
  eks-lattice:typo: is not a key of this project; delete it, or look its name up in docs/configuration.md
`
		if err == nil || !strings.Contains(err.Error()+"\n", want) {
			t.Errorf("role %q: got:\n%v\nwant in it:%s", role, err, want)
		}
	}
}

// The defaults in Pulumi.yaml are those of the program: with or without them, a stack
// creates the same resources.
func TestDefaultsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	for _, role := range []string{"environment", "cluster"} {
		bare := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": role}
		if role == "cluster" {
			bare["eks-lattice:apps"] = oneApp
		}
		full := map[string]string{}
		for key, declared := range project.Config {
			if !strings.Contains(key, ":") {
				full["eks-lattice:"+key] = asText(t, declared.Default)
			}
		}
		maps.Copy(full, bare)
		if a, b := sent(t, bare), sent(t, full); a != b {
			t.Errorf("role %s: without defaults:\n%s\nwith those of Pulumi.yaml:\n%s", role, a, b)
		}
	}
}

// sent returns everything that a stack sends to the engine, as text.
func sent(t *testing.T, config map[string]string) string {
	t.Helper()
	r, err := recorder.Run(t, recorder.Options{Config: config,
		Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": environmentOutputs()}}, run)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, res := range r.Resources() {
		if strings.Contains(res.Type, "CustomResourceDefinition") {
			continue
		}
		inputs, err := json.Marshal(res.Inputs.Mappable())
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %s protect=%t", res.URN, inputs, res.Protect))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

const oneApp = `[{"name": "demo", "namespace": "apps", "allow": [{"cluster": "other", "namespace": "apps"}]}]`

// The program reads every key: one of the roles refuses nonsense in it.
func TestEveryKeyIsReadAndChecked(t *testing.T) {
	t.Parallel()
	for _, key := range settings.Keys() {
		refused := false
		for _, role := range []string{"environment", "cluster"} {
			config := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": role}
			config["eks-lattice:"+key] = "? !"
			_, err := recorder.Run(t, recorder.Options{Config: config, Preview: true,
				Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": environmentOutputs()}}, run)
			refused = refused || err != nil
		}
		if !refused {
			t.Errorf("no role refuses nonsense in %s", key)
		}
	}
}
