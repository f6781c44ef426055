package toolkit

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/blang/semver"
)

// machine returns a folder for PATH whose tools print what they are given to.
func machine(t *testing.T, tools map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, prints := range tools {
		script := "#!/bin/sh\n" + prints + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// link adds programs of this machine to the folder.
func link(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		target, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(target, filepath.Join(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

const (
	newNode   = "echo v20.17.0"
	newPulumi = "echo v3.245.0"
	oldPulumi = "echo v3.244.9"
	whereNode = "; get it from https://nodejs.org/en/download"
	whereCLI  = "version 3.245.0 or newer is needed; get it from https://www.pulumi.com/docs/install/, or build it with `make tools`"
)

// What is on PATH is used if it is new enough; else the error says what is
// needed and where to get it.
func TestProgramsOfTheMachine(t *testing.T) {
	type tools = map[string]string
	const needsNode = "version 20.17.0 or newer is needed" + whereNode
	tests := []struct {
		name   string
		tools  tools
		built  bool   // the Makefile has built a CLI
		pulumi string // which is used: that on PATH, or that built
		want   string // of the error; empty: none
	}{
		{"all new enough", tools{"node": newNode, "pulumi": newPulumi}, false, "PATH", ""},
		{"newer", tools{"node": "echo v26.0.0", "pulumi": "echo v3.1000.0"}, false, "PATH", ""},
		{"PATH before the Makefile's", tools{"node": newNode, "pulumi": newPulumi}, true, "PATH", ""},
		{"the Makefile's before an old one", tools{"node": newNode, "pulumi": oldPulumi}, true, "built", ""},
		{"the Makefile's before a broken one", tools{"node": newNode, "pulumi": "exit 127"}, true, "built", ""},
		{"a warning beside the version", tools{"node": newNode, "pulumi": "echo warning: 1.2.3 >&2; echo v3.245.0-dev.0"}, false, "PATH", ""},
		{"old CLI", tools{"node": newNode, "pulumi": oldPulumi}, false, "", "PATH/pulumi is version 3.244.9: " + whereCLI},
		{"no CLI", tools{"node": newNode}, false, "", "no pulumi on PATH: " + whereCLI},
		{"broken CLI", tools{"node": newNode, "pulumi": "exit 127"}, false, "", "PATH/pulumi does not say its version: " + whereCLI},
		{"old node", tools{"node": "echo v18.20.4", "pulumi": newPulumi}, false, "", "PATH/node is version 18.20.4: " + needsNode},
		{"no node", tools{"pulumi": newPulumi}, false, "", "no node on PATH: " + needsNode},
		{"broken node", tools{"node": "echo", "pulumi": newPulumi}, false, "", "PATH/node does not say its version: " + needsNode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := []string{ctl, component}
			if tt.built {
				files = append(files, cli)
			}
			dir := project(t, files...)
			settings := []byte("name: x\nrequiredPulumiVersion: \">=3.245.0\"\n")
			if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), settings, 0o600); err != nil {
				t.Fatal(err)
			}
			path := machine(t, tt.tools)
			t.Setenv("PATH", path)
			kit, err := Open(dir)
			if tt.want != "" {
				want := "looking for the parts of a rehearsal: " + strings.ReplaceAll(tt.want, "PATH/", path+"/")
				if err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantCLI, wantRoot := filepath.Join(path, "pulumi"), ""
			if tt.pulumi == "built" {
				wantCLI, wantRoot = filepath.Join(dir, cli), filepath.Join(dir, ".cache")
			}
			if kit.Pulumi != wantCLI || kit.Root != wantRoot {
				t.Errorf("the CLI is %s with root %q, want %s with %q", kit.Pulumi, kit.Root, wantCLI, wantRoot)
			}
		})
	}
}

// What make is told of missing tools before it builds anything.
func TestRequire(t *testing.T) {
	t.Parallel()
	const (
		goNew  = `case $1 in version) echo go version go1.26.0 linux/amd64 ;; env) echo auto ;; esac`
		whereG = "1.26 or newer is needed; get it from https://go.dev/dl/"
		whereN = "20.17.0 or newer is needed" + whereNode
		whereM = "7.0.0 or newer is needed" + whereNode
		whereP = "3.245.0 or newer is needed; get it from https://www.pulumi.com/docs/install/"
	)
	goOld := func(version, toolchain string) map[string]string {
		script := "case $1 in version) echo go version go" + version + " linux/amd64 ;; env) echo " + toolchain + " ;; esac"
		return map[string]string{"go": script}
	}
	tests := []struct {
		name  string
		ask   string
		tools map[string]string
		want  []string
	}{
		{"all", "go node npm pulumi", map[string]string{"go": goNew, "node": newNode, "npm": "echo 10.8.2", "pulumi": newPulumi}, nil},
		{"none", "go node npm pulumi", nil, []string{
			"no go on PATH: version " + whereG, "no node on PATH: version " + whereN,
			"no npm on PATH: version " + whereM, "no pulumi on PATH: version " + whereP}},
		{"asked for one", "go", map[string]string{"go": goNew}, nil},
		{"old go that updates itself", "go", goOld("1.21.0", "auto"), nil},
		{"old go that updates itself from a version", "go", goOld("1.25.3", "go1.25.3+auto"), nil},
		{"old go that may not", "go", goOld("1.25.3", "local"), []string{"PATH/go is version 1.25.3: " + whereG}},
		{"old go that cannot", "go", goOld("1.20.14", "auto"), []string{"PATH/go is version 1.20.14: " + whereG}},
		{"candidate of the next go", "go", goOld("1.27rc1", "local"), nil},
		{"old node", "node npm", map[string]string{"node": "echo v18.20.4", "npm": "echo 10.8.2"},
			[]string{"PATH/node is version 18.20.4: " + whereN}},
		{"old npm", "node npm", map[string]string{"node": newNode, "npm": "echo 6.14.18"},
			[]string{"PATH/npm is version 6.14.18: " + whereM}},
		{"node without npm", "node npm", map[string]string{"node": newNode}, []string{"no npm on PATH: version " + whereM}},
		{"broken npm", "npm", map[string]string{"npm": "echo no such module >&2; exit 1"},
			[]string{"PATH/npm does not say its version: " + whereM}},
		{"old CLI", "pulumi", map[string]string{"pulumi": oldPulumi}, []string{"PATH/pulumi is version 3.244.9: " + whereP}},
		{"nine before ten", "pulumi", map[string]string{"pulumi": "echo v3.1000.0"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := machine(t, tt.tools)
			link(t, path, "sh", "sed", "grep", "sort", "head", "dirname") // nothing else of this machine
			cmd := exec.CommandContext(t.Context(), "../../../../tools/require.sh", strings.Fields(tt.ask)...)
			cmd.Env = []string{"PATH=" + path}
			out, err := cmd.CombinedOutput()
			want := ""
			for _, line := range tt.want {
				want += strings.ReplaceAll(line, "PATH/", path+"/") + "\n"
			}
			if string(out) != want || (err != nil) != (want != "") {
				t.Errorf("%v, got\n%swant\n%s", err, out, want)
			}
		})
	}
}

// The packages of the EKS component take the oldest Node.js that is accepted,
// and README.md asks for it.
func TestMinimumOfNode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../../tools/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Engines any `json:"engines"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	minimum, asked := semver.MustParse(node.minimum), 0
	for name, pkg := range lock.Packages {
		engines, _ := pkg.Engines.(map[string]any) // of old packages a list, which npm ignores
		if wanted, ok := engines["node"].(string); ok {
			asked++
			if !accepts(wanted, minimum) {
				t.Errorf("%s wants Node.js %s, and %s is accepted", name, wanted, minimum)
			}
		}
	}
	if asked < 100 {
		t.Errorf("%d packages say what they want", asked)
	}
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSuffix("Node.js "+node.minimum, ".0") + " or newer"; !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not ask for %s", want)
	}
}

// accepts reports whether a range of npm, as far as the packages use them, has a
// version.
func accepts(wanted string, version semver.Version) bool {
	for _, alternative := range strings.Split(wanted, "||") {
		m := regexp.MustCompile(`^\s*(>=|\^|)\s*(\d[\d.]*)`).FindStringSubmatch(alternative)
		if m == nil {
			if strings.TrimSpace(alternative) == "*" {
				return true
			}
			continue
		}
		from, err := semver.ParseTolerant(strings.TrimSuffix(m[2], "."))
		if err == nil && version.GTE(from) && (m[1] == ">=" || version.Major == from.Major) {
			return true
		}
	}
	return false
}
