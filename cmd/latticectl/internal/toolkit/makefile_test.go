package toolkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What make does on machines that lack something: nothing is built before
// everything that is missing is said, and no CLI if there is one.
func TestMakeOnAFreshMachine(t *testing.T) {
	t.Parallel()
	const goTool = `case $1 in version) echo go version go1.26.0 linux/amd64 ;; env) echo auto ;; *) echo "runs go $1" ;; esac`
	npm := `case $1 in --version) echo 10.8.2 ;; *) echo "runs npm $1"; mkdir node_modules ;; esac`
	tests := []struct {
		name, target string
		tools        map[string]string
		says, not    []string
		fails        bool
	}{
		{
			name: "nothing", target: "rehearse",
			says:  []string{"no go on PATH", "no node on PATH", "no npm on PATH"},
			not:   []string{"building", "compiling", "installing"},
			fails: true,
		},
		{
			name: "no Node.js", target: "rehearse", tools: map[string]string{"go": goTool, "pulumi": newPulumi},
			says:  []string{"no node on PATH", "no npm on PATH"},
			not:   []string{"building", "compiling", "installing", "runs go"},
			fails: true,
		},
		{
			name: "no CLI", target: "tools", tools: map[string]string{"go": goTool, "node": newNode, "npm": npm},
			says: []string{"installing the EKS component", "runs npm ci", "building the Pulumi CLI", "runs go build"},
		},
		{
			name: "an old CLI", target: "tools", tools: map[string]string{"go": goTool, "node": newNode, "npm": npm, "pulumi": oldPulumi},
			says: []string{"runs npm ci", "building the Pulumi CLI", "runs go build"},
		},
		{
			name: "a new CLI", target: "tools", tools: map[string]string{"go": goTool, "node": newNode, "npm": npm, "pulumi": newPulumi},
			says: []string{"runs npm ci"},
			not:  []string{"building", "runs go build"},
		},
		{
			name: "no Go to compile with", target: "build", tools: map[string]string{"node": newNode},
			says:  []string{"no go on PATH"},
			not:   []string{"compiling"},
			fails: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, file := range []string{"Makefile", "go.mod", "Pulumi.yaml", "tools"} {
				from, err := filepath.Abs(filepath.Join("../../../..", file))
				if err == nil {
					err = os.Symlink(from, filepath.Join(dir, file))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			path := machine(t, tt.tools)
			link(t, path, "bash", "sh", "make", "sed", "grep", "sort", "head", "dirname", "mkdir", "cp", "touch")
			cmd := exec.CommandContext(t.Context(), "make", tt.target)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + path}
			text, err := cmd.CombinedOutput()
			out := string(text)
			if (err != nil) != tt.fails {
				t.Errorf("%v, want a failure: %v\n%s", err, tt.fails, out)
			}
			for _, want := range tt.says {
				if !strings.Contains(out, want) {
					t.Errorf("make does not say %q:\n%s", want, out)
				}
			}
			for _, unwanted := range tt.not {
				if strings.Contains(out, unwanted) {
					t.Errorf("make says %q:\n%s", unwanted, out)
				}
			}
		})
	}
}
