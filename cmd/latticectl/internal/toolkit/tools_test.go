package toolkit

import (
	"strings"
	"testing"
)

// A deployment needs more than a rehearsal: aws and kubectl of the machine.
func TestTools(t *testing.T) {
	type tools = map[string]string
	good := tools{
		"go":      `case $1 in version) echo go version go1.30.1 linux/amd64 ;; env) echo auto ;; esac`,
		"node":    newNode,
		"pulumi":  newPulumi,
		"aws":     "echo aws-cli/2.27.0 Python/3.13.2 Linux/6.1 exe/x86_64",
		"kubectl": "echo Client Version: v1.35.0; echo Kustomize Version: v5.7.1",
	}
	oldGo := strings.NewReplacer("1.30.1", "1.25.3", "auto", "local").Replace(good["go"])
	for name, tt := range map[string]struct {
		tool, prints string // another tool than the good one; empty: none
		version, err string
	}{
		"new enough":            {"kubectl", good["kubectl"], "1.35.0", ""},
		"go":                    {"go", good["go"], "1.30.1", ""},
		"no aws":                {"aws", "", "", "no aws on PATH: version 2.7.0 or newer is needed; get it from https://docs.aws"},
		"aws of version 1":      {"aws", "echo aws-cli/1.45.11 Python/3.13.2", "", "/aws is version 1.45.11: version 2.7.0 or newer is needed"},
		"old kubectl":           {"kubectl", "echo Client Version: v1.23.9", "", "/kubectl is version 1.23.9: version 1.24.0 or newer is needed"},
		"old go that stays old": {"go", oldGo, "", "/go is version 1.25.3: 1.26"},
		"old node":              {"node", "echo v18.20.4", "", "/node is version 18.20.4: version 20.17.0 or newer is needed"},
	} {
		t.Run(name, func(t *testing.T) {
			scripts := tools{}
			for tool, prints := range good {
				scripts[tool] = prints
			}
			if scripts[tt.tool] = tt.prints; tt.prints == "" {
				delete(scripts, tt.tool)
			}
			dir := machine(t, scripts)
			link(t, dir, "sh", "dirname", "sed", "grep", "head", "sort")
			t.Setenv("PATH", dir)
			found := 0
			for _, tool := range Tools(t.Context(), "../../../..") {
				if tool.Name != tt.tool {
					if tool.Err != nil {
						t.Errorf("%s: %v", tool.Name, tool.Err)
					}
					continue
				}
				found++
				switch {
				case tt.err == "" && (tool.Err != nil || tool.Version != tt.version || !strings.HasPrefix(tool.Path, dir)):
					t.Errorf("%+v", tool)
				case tt.err != "" && (tool.Err == nil || !strings.Contains(tool.Err.Error(), tt.err)):
					t.Errorf("the error is %v, want %s", tool.Err, tt.err)
				}
			}
			if found != 1 {
				t.Errorf("%s is looked for %d times", tt.tool, found)
			}
		})
	}
}
