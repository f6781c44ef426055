package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"gopkg.in/yaml.v3"
)

// deploySuffix ends the name of a stack's file for Pulumi Deployments:
// https://github.com/pulumi/pulumi/blob/v3.245.0/sdk/go/common/workspace/paths.go.
const deploySuffix = "." + workspace.DeploymentSuffix + ".yaml"

// stackFiles are the configurations of stacks that match, without the settings
// of Pulumi Deployments beside them.
func stackFiles(t *testing.T, pattern string) []string {
	t.Helper()
	return slices.DeleteFunc(glob(t, pattern), func(file string) bool { return strings.HasSuffix(file, deploySuffix) })
}

func stackOf(file string) string {
	name := strings.TrimPrefix(filepath.Base(file), "Pulumi.")
	return strings.TrimSuffix(strings.TrimSuffix(name, deploySuffix), ".yaml")
}

// deploySettings decodes a file as the CLI does, but refuses what the SDK does
// not know.
func deploySettings(t *testing.T, file string) apitype.DeploymentSettings {
	t.Helper()
	var settings workspace.ProjectStackDeployment
	decoder := yaml.NewDecoder(strings.NewReader(readText(t, file)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&settings); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s has more than one document", file)
	}
	return settings.DeploymentSettings
}

// Each stack has settings for Pulumi Deployments, which differ in two things
// alone: what a push deploys, and the stack files that it looks at.
func TestDeploymentSettings(t *testing.T) {
	t.Parallel()
	stacks := stackFiles(t, "Pulumi.*.yaml")
	if len(stacks) != 3 || len(glob(t, "Pulumi.*"+deploySuffix)) != len(stacks) {
		t.Fatalf("stacks %v, settings %v", stacks, glob(t, "Pulumi.*"+deploySuffix))
	}
	var first []byte
	for _, file := range stacks {
		settings := deploySettings(t, "Pulumi."+stackOf(file)+deploySuffix)
		first = checkAlike(t, file, first, settings)
		switch source := settings.SourceContext.Git; {
		case settings.GitHub == nil || settings.GitHub.Repository == "" || !settings.GitHub.PreviewPullRequests:
			t.Errorf("%s: no pull request is previewed", file)
		case source == nil || source.Branch == "" || source.Commit != "" || source.RepoURL != "":
			t.Errorf("%s: the source is not a branch of the GitHub repository: %+v", file, source)
		}
		// The environment comes first; its webhooks deploy the clusters.
		if environment := stackOf(file) == "environment"; settings.GitHub.DeployCommits != environment {
			t.Errorf("%s: a push deploys: %v", file, settings.GitHub.DeployCommits)
		}
		if aws := settings.Operation.OIDC.AWS; aws == nil || aws.RoleARN == "" || aws.SessionName == "" || aws.Duration == 0 {
			t.Errorf("%s: AWS's credentials are %+v", file, aws)
		}
		for name, value := range settings.Operation.EnvironmentVariables {
			if value.Secret || value.Ciphertext != "" || strings.HasPrefix(name, "AWS_") {
				t.Errorf("%s: %s is a secret or a credential", file, name)
			}
		}
	}
}

// checkAlike compares settings with those of the stack before, without what
// may differ, and returns them.
func checkAlike(t *testing.T, file string, before []byte, settings apitype.DeploymentSettings) []byte {
	t.Helper()
	github := *settings.GitHub
	github.DeployCommits = false
	github.Paths = slices.DeleteFunc(slices.Clone(github.Paths), func(path string) bool {
		return path != "Pulumi.yaml" && strings.HasPrefix(path, "Pulumi.") && strings.HasSuffix(path, ".yaml")
	})
	settings.GitHub = &github
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if before != nil && !bytes.Equal(before, text) {
		t.Errorf("%s differs from another stack's settings:\n%s\n%s", file, text, before)
	}
	return text
}

// A change of what a stack is made from reaches Pulumi Deployments, and any
// other change does not.
func TestDeploymentPaths(t *testing.T) {
	t.Parallel()
	source := []string{"go.mod", "go.sum", "Pulumi.yaml"}
	for _, pkg := range programPackages(t) {
		source = append(source, pkg...)
	}
	stacks := stackFiles(t, "Pulumi.*.yaml")
	for _, file := range stacks {
		paths := deploySettings(t, "Pulumi."+stackOf(file)+deploySuffix).GitHub.Paths
		wanted := append(slices.Clone(source), file)
		if stackOf(file) == "environment" { // it begins for the clusters as well
			wanted = append(wanted, stacks...)
		}
		for _, path := range wanted {
			if !triggers(paths, path) {
				t.Errorf("%s: a change of %s does nothing", file, path)
			}
		}
		others := []string{"README.md"}
		for _, pattern := range []string{
			"*_test.go", "*/*_test.go", "internal/*/*_test.go", "internal/recorder/*", "internal/twin/*/*",
			"cmd/latticectl/*", "docs/*", "examples/*/*", "template/*", "tools/*",
		} {
			others = append(others, glob(t, pattern)...)
		}
		for _, path := range append(others, stacks...) {
			if !slices.Contains(wanted, path) && triggers(paths, path) {
				t.Errorf("%s: a change of %s deploys", file, path)
			}
		}
	}
}

// programPackages are the files of each package that the program is compiled
// from, as far as they are in this module.
func programPackages(t *testing.T) (packages [][]string) {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,GoFiles,EmbedFiles", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			Dir                 string
			GoFiles, EmbedFiles []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		dir, err := filepath.Rel(here, pkg.Dir)
		if err != nil || strings.HasPrefix(dir, "..") {
			continue
		}
		var files []string
		for _, file := range slices.Concat(pkg.GoFiles, pkg.EmbedFiles) {
			files = append(files, filepath.ToSlash(filepath.Join(dir, file)))
		}
		packages = append(packages, files)
	}
	if len(packages) < 8 {
		t.Fatalf("the program has only the packages %v", packages)
	}
	return packages
}

// triggers reports whether a change of a file starts a deployment:
// https://www.pulumi.com/docs/deployments/concepts/settings/path-filtering/.
// A pattern is taken in the narrowest way that the page allows.
func triggers(filters []string, path string) bool {
	included := false
	for _, filter := range filters {
		pattern, excludes := strings.CutPrefix(filter, "!")
		expression := strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`).Replace(regexp.QuoteMeta(pattern))
		if regexp.MustCompile("^" + expression + "$").MatchString(path) {
			if excludes {
				return false
			}
			included = true
		}
	}
	return included
}

// The CLI refuses to run the program when it is older than the one that the
// documents ask for.
func TestRequiredPulumiVersion(t *testing.T) {
	t.Parallel()
	project, err := workspace.LoadProject("Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	minimum, ok := strings.CutPrefix(project.RequiredPulumiVersion, ">=")
	if !ok || !strings.Contains(readText(t, "README.md"), "Pulumi CLI](https://www.pulumi.com/docs/install/) "+minimum+" or newer") {
		t.Errorf("Pulumi.yaml requires %q, and README.md another version", project.RequiredPulumiVersion)
	}
	rehearsed := regexp.MustCompile(`github\.com/pulumi/pulumi/pkg/v3 v(\S+)`).FindStringSubmatch(readText(t, "tools/go.mod"))
	if rehearsed == nil {
		t.Fatal("tools/go.mod has no CLI")
	}
	if err := plugin.ValidatePulumiVersionRange(project.RequiredPulumiVersion, rehearsed[1]); err != nil {
		t.Errorf("a rehearsal's CLI: %v", err)
	}
}

// Each role's stacks have a page in Pulumi Cloud, and it names outputs in the
// one form that the console replaces. The rehearsal looks whether they exist.
func TestReadmeOutput(t *testing.T) {
	t.Parallel()
	for role := range roles {
		page := readme(role)
		live := regexp.MustCompile(`\$\{outputs\.\w+\}`)
		if got := len(live.FindAllString(page, -1)); got < 4 {
			t.Errorf("%s: the page names %d outputs", role, got)
		}
		if rest := live.ReplaceAllString(page, ""); strings.Contains(rest, "${") || strings.Contains(rest, "<!--") {
			t.Errorf("%s: the page has text that the console shows as it is:\n%s", role, rest)
		}
	}
}
