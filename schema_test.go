package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
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
	for key, declared := range project.Config {
		if strings.Contains(key, ":") {
			continue // Pulumi's own
		}
		if declared.Type == "" || declared.Default == nil || declared.Description == "" {
			t.Errorf("%s: type %q, default %v, description %q", key, declared.Type, declared.Default, declared.Description)
		}
	}
	if got := fmt.Sprint(project.Config["pulumi:disable-default-providers"].Value); got != "[*]" {
		t.Errorf("default providers: got %s, want all of them off", got)
	}
}

// A key that Pulumi.yaml does not declare stops every stack: nothing would read it.
func TestUnknownKeys(t *testing.T) {
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	config := map[string]string{"aws:region": recorder.Region, "aws:foo": "x"}
	var declared []string
	for key := range project.Config {
		if !strings.Contains(key, ":") {
			declared = append(declared, key)
			config["eks-lattice:"+key] = "x"
		}
	}
	slices.Sort(declared)
	if known := slices.Sorted(slices.Values(settings.Keys)); !slices.Equal(known, declared) {
		t.Errorf("the program knows the keys\n%v\nand Pulumi.yaml declares\n%v", known, declared)
	}
	config["eks-lattice:protectCA"], config["eks-lattice:typo"] = "true", "secret"
	t.Setenv(pulumi.EnvConfig, asText(t, config))
	for _, role := range []string{"", "environment", "cluster"} {
		_, err := recorder.Run(t, recorder.Options{Stack: "prod", Config: map[string]string{"eks-lattice:role": role}}, run)
		const want = `
  eks-lattice:protectCA: is not a key of this project; write eks-lattice:protectCa
  eks-lattice:typo: is not a key of this project; remove it, or look its name up in README.md, section Configuration
`
		if err == nil || !strings.Contains(err.Error()+"\n", want) {
			t.Errorf("role %q: got:\n%v\nwant in it:%s", role, err, want)
		}
	}
}

// The defaults in Pulumi.yaml are those in the program: with them or without, a
// stack makes the same.
func TestDefaultsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	for _, role := range []string{"environment", "cluster"} {
		bare := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": role, "eks-lattice:apps": oneApp}
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

// sent returns all that a stack sends to the engine, as text.
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

// A key that nobody reads would be a promise that nobody keeps. Nonsense in any
// of them is refused by one of the roles.
func TestEveryKeyIsReadAndChecked(t *testing.T) {
	t.Parallel()
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	for key := range project.Config {
		if strings.Contains(key, ":") {
			continue
		}
		refused := false
		for _, role := range []string{"environment", "cluster"} {
			config := map[string]string{"aws:region": recorder.Region, "eks-lattice:role": role, "eks-lattice:apps": oneApp}
			config["eks-lattice:"+key] = "? !"
			_, err := recorder.Run(t, recorder.Options{Config: config, Preview: true,
				Outputs: map[string]resource.PropertyMap{"organization/eks-lattice/environment": environmentOutputs()}}, run)
			refused = refused || err != nil
		}
		if !refused {
			t.Errorf("nobody minds nonsense in %s", key)
		}
	}
}

// And the other way round: what the program reads, Pulumi.yaml declares.
func TestEveryKeyIsDeclared(t *testing.T) {
	t.Parallel()
	var project schema
	readYAML(t, "Pulumi.yaml", &project)
	reads := regexp.MustCompile(`(?:\br\.(?:String|Bool|Int|Strings|Map)\(|settings\.Object\(r, )"([^"]+)"`)
	found := 0
	for _, file := range slices.Concat(glob(t, "*.go"), glob(t, "environment/*.go"), glob(t, "cluster/*.go")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range reads.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, ok := project.Config[match[1]]; !ok {
				t.Errorf("%s reads %s, which Pulumi.yaml does not declare", file, match[1])
			}
		}
	}
	if declared := len(project.Config) - 1; found < declared {
		t.Errorf("found %d reads of %d keys", found, declared)
	}
}
