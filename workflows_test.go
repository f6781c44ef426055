package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow is what the tests look at in a file below .github/workflows.
type workflow struct {
	On          map[string]trigger
	Permissions map[string]string
	Jobs        map[string]struct {
		Needs       string
		If          string
		Permissions map[string]string
		Uses        string
		With        map[string]any
		Strategy    struct{ Matrix map[string][]string }
		Steps       []struct {
			ID, Uses, Shell, Run string

			With map[string]any
		}
	}
}

type trigger struct{ Paths []string }

// UnmarshalYAML skips the triggers that are lists, such as schedules.
func (t *trigger) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	type plain trigger
	return node.Decode((*plain)(t))
}

func readWorkflow(t *testing.T, name string) *workflow {
	t.Helper()
	var w workflow
	if err := yaml.Unmarshal([]byte(readText(t, ".github/workflows/"+name)), &w); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &w
}

// An action is pinned to a commit, whose release stands beside it, and to the
// same one everywhere.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)
	commits := map[string]string{}
	for _, file := range glob(t, ".github/workflows/*.yaml") {
		for _, m := range regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.+)$`).FindAllStringSubmatch(readText(t, file), -1) {
			if strings.HasPrefix(m[1], "./") {
				continue
			}
			action := pinned.FindStringSubmatch(m[1])
			if action == nil {
				t.Errorf("%s: %s is not a commit with its release", file, m[1])
				continue
			}
			if before, ok := commits[action[1]]; ok && before != m[1] {
				t.Errorf("%s: %s, elsewhere %s", file, m[1], before)
			}
			commits[action[1]] = m[1]
		}
	}
	if len(commits) < 7 {
		t.Errorf("found only %v", commits)
	}
}

// Jobs get the permissions that they name and no others. A workflow that
// others call has those of the job that calls.
func TestWorkflowPermissions(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"contents: read":       nil, // any
		"contents: write":      {"release.yaml"},
		"id-token: write":      {"deploy.yaml", "destroy.yaml", "drift.yaml", "preview.yaml"},
		"pull-requests: write": {"preview.yaml"},
	}
	for _, file := range glob(t, ".github/workflows/*.yaml") {
		name := filepath.Base(file)
		w := readWorkflow(t, name)
		_, called := w.On["workflow_call"]
		if called {
			if w.Permissions != nil {
				t.Errorf("%s limits the permissions of the workflows that call it", name)
			}
			continue
		}
		if w.Permissions == nil || len(w.Permissions) > 0 {
			t.Errorf("%s: permissions of all jobs are %v, want {}", name, w.Permissions)
		}
		for job, j := range w.Jobs {
			if len(j.Permissions) == 0 {
				t.Errorf("%s: %s names no permissions", name, job)
			}
			for scope, access := range j.Permissions {
				files, ok := allowed[scope+": "+access]
				if !ok || files != nil && !slices.Contains(files, name) {
					t.Errorf("%s: %s has %s: %s", name, job, scope, access)
				}
			}
		}
	}
}

// Each of these workflows looks after every stack, in the order that the
// stacks need, and does nothing before its variables are set.
func TestWorkflowStacks(t *testing.T) {
	t.Parallel()
	var stacks []string
	for _, file := range stackFiles(t, "Pulumi.*.yaml") {
		stacks = append(stacks, stackOf(file))
	}
	for name, want := range map[string]struct {
		command, environment string
		first, second        string // jobs, if the order matters
	}{
		"preview.yaml": {"preview", "preview", "", ""},
		"drift.yaml":   {"preview", "preview", "", ""},
		"deploy.yaml":  {"up", "production", "environment", "clusters"},
		"destroy.yaml": {"destroy", "production", "clusters", "environment"},
	} {
		w := readWorkflow(t, name)
		var found []string
		for job, j := range w.Jobs {
			if j.Needs == "" && !strings.Contains(j.If, "vars.PULUMI_ORGANIZATION != ''") {
				t.Errorf("%s: %s starts in a repository without the variables", name, job)
			}
			if j.Uses == "" {
				continue
			}
			if j.Uses != "./.github/workflows/pulumi.yaml" || j.With["command"] != want.command || j.With["environment"] != want.environment {
				t.Errorf("%s: %s calls %s with %v", name, job, j.Uses, j.With)
			}
			switch stack := j.With["stack"]; {
			case len(j.Strategy.Matrix["stack"]) == 0:
				found = append(found, stack.(string))
			case stack == "${{ matrix.stack }}":
				found = append(found, j.Strategy.Matrix["stack"]...)
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, stacks) {
			t.Errorf("%s looks after %q, the project has %q", name, found, stacks)
		}
		if got := w.Jobs[want.second].Needs; got != want.first {
			t.Errorf("%s: %s needs %q, want %q", name, want.second, got, want.first)
		}
		if drifts := w.Jobs["drift"].With["drift"] == true; drifts != (name == "drift.yaml") {
			t.Errorf("%s looks for drift: %v", name, drifts)
		}
	}
}

// A change of what the stacks are made from starts these workflows, and a
// change of tests, of documents or of the twin does not.
func TestWorkflowPaths(t *testing.T) {
	t.Parallel()
	source := append(stackFiles(t, "Pulumi.*.yaml"), "go.mod", "go.sum", "Pulumi.yaml")
	for _, pkg := range programPackages(t) {
		source = append(source, pkg...)
	}
	others := slices.Concat([]string{"README.md", "Pulumi.cluster1.deploy.yaml"}, glob(t, "*_test.go"), glob(t, "components/*_test.go"),
		glob(t, "internal/recorder/*"), glob(t, "internal/twin/*/*"), glob(t, "docs/*"), glob(t, "examples/*/*"))
	for name, event := range map[string]string{"preview.yaml": "pull_request", "deploy.yaml": "push"} {
		paths := readWorkflow(t, name).On[event].Paths
		for _, path := range source {
			if !starts(paths, path) {
				t.Errorf("%s: a change of %s does nothing", name, path)
			}
		}
		for _, path := range others {
			if starts(paths, path) {
				t.Errorf("%s: a change of %s starts it", name, path)
			}
		}
	}
}

// starts reports whether GitHub starts a workflow for a change of a file. The
// last pattern that matches decides:
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet.
func starts(patterns []string, path string) bool {
	started := false
	for _, pattern := range patterns {
		pattern, excludes := strings.CutPrefix(pattern, "!")
		if triggers([]string{pattern}, path) {
			started = !excludes
		}
	}
	return started
}

// What is deployed from a workflow is deployed by the CLI that rehearsed it.
func TestWorkflowCLI(t *testing.T) {
	t.Parallel()
	rehearsed := regexp.MustCompile(`github\.com/pulumi/pulumi/pkg/v3 v(\S+)`).FindStringSubmatch(readText(t, "tools/go.mod"))
	found := 0
	for _, file := range glob(t, ".github/workflows/*.yaml") {
		for _, j := range readWorkflow(t, filepath.Base(file)).Jobs {
			for _, step := range j.Steps {
				if !strings.HasPrefix(step.Uses, "pulumi/actions@") {
					continue
				}
				found++
				if step.With["pulumi-version"] != rehearsed[1] {
					t.Errorf("%s installs version %v of the CLI, a rehearsal runs %s", file, step.With["pulumi-version"], rehearsed[1])
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d steps install the CLI", found)
	}
}
