package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestHelpNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"--help"}, []string{"rehearse", "preflight", "twin", "laws", "completion", "Exit codes", "--dir"}},
		{[]string{"rehearse", "--help"}, []string{"--json", "--html", "--world", "--stacks",
			"latticectl rehearse --stacks examples/three-clusters"}},
		{[]string{"preflight", "--help"}, []string{"--json", "--stacks", "Exit codes", "AWS_PROFILE=sandbox latticectl preflight"}},
		{[]string{"twin", "--help"}, []string{"PULUMI_CONFIG_PASSPHRASE", "pulumi up"}},
	} {
		var out bytes.Buffer
		cmd := root()
		cmd.SetOut(&out)
		cmd.SetArgs(tt.args)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s does not mention %s", strings.Join(tt.args, " "), want)
			}
		}
		if strings.Contains(out.String(), "language-host") {
			t.Errorf("%s shows language-host, which only the engine calls", strings.Join(tt.args, " "))
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"rehearse", "cluster1"}, `unknown command "cluster1"`},
		{[]string{"rehearse", "--jsn", "x"}, "unknown flag: --jsn"},
		{[]string{"rehearse", "--dir", "/nonexistent"}, "no Pulumi.yaml in /nonexistent"},
		{[]string{"rehearse", "--dir", "/nonexistent", "--json", "/nonexistent/report.json"},
			"--json: open /nonexistent/report.json: no such file or directory; give a file in an existing folder"},
		{[]string{"rehearse", "--dir", "/nonexistent", "--world", "/"}, "--world: open /: is a directory"},
		{[]string{"preflight", "cluster1"}, `unknown command "cluster1"`},
		{[]string{"preflight", "--dir", "/nonexistent"}, "no Pulumi.yaml in /nonexistent"},
		{[]string{"nonsense"}, `unknown command "nonsense"`},
	} {
		cmd := root()
		cmd.SetArgs(tt.args)
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("latticectl %s: %v, want %s", strings.Join(tt.args, " "), err, tt.want)
		}
	}
}
