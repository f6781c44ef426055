package rehearsal

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Plain pulumi commands on the project's own folder, as a user types them.
func TestPlainPulumiCommands(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	pulumi := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), r.Kit.Pulumi, append(args, "--non-interactive")...)
		cmd.Dir = filepath.Join(r.work.dir, "project")
		cmd.Env = os.Environ()
		for k, v := range r.work.env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	for _, stack := range []string{"environment", "cluster1"} {
		if out := pulumi("preview", "--stack", stack); !strings.Contains(out, "to create") {
			t.Errorf("preview of %s creates nothing:\n%s", stack, out)
		}
		pulumi("up", "--yes", "--stack", stack)
		pulumi("up", "--yes", "--stack", stack, "--expect-no-changes")
		checkReadme(t, stack, pulumi("stack", "output", "--json", "--stack", stack))
	}
	// Here and not above: the cluster has associated its VPC with the environment's zone.
	for _, stack := range []string{"environment", "cluster1"} {
		pulumi("refresh", "--yes", "--stack", stack, "--expect-no-changes")
		pulumi("up", "--yes", "--refresh", "--stack", stack, "--expect-no-changes")
	}
	if out := pulumi("stack", "output", "--stack", "cluster1", "configureKubectl"); !strings.Contains(out, "aws eks update-kubeconfig") {
		t.Errorf("configureKubectl is %q", out)
	}
	for _, stack := range []string{"cluster1", "environment"} {
		pulumi("destroy", "--yes", "--stack", stack)
	}
	if left := r.twin.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// checkReadme checks that the stack's page for Pulumi Cloud names outputs that
// exist, and none that is a secret.
func checkReadme(t *testing.T, stack, text string) {
	t.Helper()
	var outputs map[string]any
	if err := json.Unmarshal([]byte(text), &outputs); err != nil {
		t.Fatalf("outputs of %s: %v\n%s", stack, err, text)
	}
	readme, _ := outputs["readme"].(string)
	named := regexp.MustCompile(`\$\{outputs\.(\w+)\}`).FindAllStringSubmatch(readme, -1)
	if len(named) == 0 {
		t.Errorf("the page of %s names no output:\n%s", stack, readme)
	}
	for _, m := range named {
		switch value, ok := outputs[m[1]]; {
		case !ok:
			t.Errorf("the page of %s names %s, which is no output", stack, m[1])
		case value == "[secret]":
			t.Errorf("the page of %s names %s, which is a secret", stack, m[1])
		}
	}
}
