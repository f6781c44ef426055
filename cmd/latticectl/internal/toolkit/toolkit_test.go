package toolkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// project lays out a folder with the named files, empty and executable.
func project(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	cli       = ".cache/bin/pulumi"
	ctl       = ".cache/bin/latticectl"
	component = ".cache/node_modules/@pulumi/eks/cmd/provider/index.js"
)

func TestOpenNamesEverythingThatIsMissing(t *testing.T) {
	dir := project(t)
	t.Setenv("PATH", dir) // no pulumi, node or make there
	t.Setenv("HOME", "")
	_, err := Open(dir)
	if err == nil {
		t.Fatal("an empty folder was opened")
	}
	for _, want := range []string{
		"no Pulumi.yaml in " + dir, "no pulumi on PATH", "no EKS component at", "no latticectl at", "no make on PATH",
		"no node on PATH", "$HOME is not defined",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node on PATH")
	}
	dir := project(t, "Pulumi.yaml", cli, ctl, component)
	kit, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.ReadFile(filepath.Join(kit.Scripts, "pulumi-language-go"))
	if err != nil {
		t.Fatal(err)
	}
	// A test that named itself here would run all its tests again at every deployment.
	if want := "exec '" + filepath.Join(dir, ctl) + "' language-host"; !strings.Contains(string(host), want) {
		t.Errorf("the language host is\n%s\nwant %s", host, want)
	}
	for _, tt := range []struct {
		script string
		args   []string
		out    string
		fails  bool
	}{
		{"aws", []string{"--version"}, "aws-cli/2.", false},
		{"aws", []string{"s3", "ls"}, "there is no AWS to ask for: s3 ls", true},
		{"kubectl", []string{"version", "--client=true", "--output=json"}, `"gitVersion": "v1.35.0"`, false},
		{"kubectl", []string{"get", "pods"}, "there is no cluster to ask for: get pods", true},
	} {
		out, err := exec.CommandContext(t.Context(), filepath.Join(kit.Scripts, tt.script), tt.args...).CombinedOutput()
		if (err != nil) != tt.fails || !strings.Contains(string(out), tt.out) {
			t.Errorf("%s %s: %v, %q; want fails = %v with %q", tt.script, strings.Join(tt.args, " "), err, out, tt.fails, tt.out)
		}
	}
}
