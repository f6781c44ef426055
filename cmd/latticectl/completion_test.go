package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func output(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := root()
	cmd.SetOut(&out)
	cmd.SetArgs(args)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("latticectl %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

// What the shells' scripts ask latticectl for when someone presses the tabulator.
func TestCompletion(t *testing.T) {
	t.Parallel()
	const noFiles, extensions, onlyFolders = ":4", ":8", ":16" // cobra's directives
	for _, tt := range []struct {
		line []string
		want []string
	}{
		{[]string{"reh"}, []string{"rehearse\tDeploy all stacks", noFiles}},
		{[]string{"completion", ""}, []string{"bash\t", "zsh\t", "fish\t", "powershell\t", noFiles}},
		{[]string{"rehearse", "--st"}, []string{"--stacks\t", noFiles}},
		{[]string{"rehearse", "--stacks", ""}, []string{onlyFolders}},
		{[]string{"pre"}, []string{"preflight\tCheck whether a deployment would work", noFiles}},
		{[]string{"preflight", "--stacks", ""}, []string{onlyFolders}},
		{[]string{"preflight", ""}, []string{noFiles}},
		{[]string{"twin", "--dir", ""}, []string{onlyFolders}},
		{[]string{"rehearse", "--json", ""}, []string{"json", extensions}},
		{[]string{"rehearse", "--world", ""}, []string{"json", extensions}},
		{[]string{"rehearse", ""}, []string{noFiles}},
		{[]string{"twin", ""}, []string{noFiles}},
	} {
		out := output(t, append([]string{"__complete"}, tt.line...)...)
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%q completes to\n%swithout %q", tt.line, out, want)
			}
		}
		if strings.Contains(out, "language-host") {
			t.Errorf("%q completes to what only the engine calls:\n%s", tt.line, out)
		}
	}
}

// A new flag that takes a text must say what completes it.
func TestEveryFlagIsCompleted(t *testing.T) {
	t.Parallel()
	checked := 0
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if flag.Value.Type() == "string" {
				checked++
				if len(flag.Annotations) == 0 {
					t.Errorf("%s --%s completes to any file; add it to completions", cmd.CommandPath(), flag.Name)
				}
			}
		})
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(root())
	if checked < 4 {
		t.Errorf("checked %d flags", checked)
	}
}

// Each shell gets a script that calls latticectl; that of bash is one for bash.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		script := output(t, "completion", shell)
		if !strings.Contains(script, "__complete") || !strings.Contains(script, "latticectl") {
			t.Errorf("the script for %s does not ask latticectl:\n%s", shell, script)
		}
		if shell != "bash" {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("bash: %v\n%s", err, out)
		}
	}
}
