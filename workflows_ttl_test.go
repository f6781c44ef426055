package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dueStep is the step that decides whether the time to live has passed.
func dueStep(t *testing.T) string {
	t.Helper()
	for _, step := range readWorkflow(t, "destroy.yaml").Jobs["due"].Steps {
		if step.ID == "due" && step.Shell == "bash" {
			return step.Run
		}
	}
	t.Fatal("destroy.yaml has no step due for bash")
	return ""
}

// The time to live begins anew with each update of any stack.
func TestTimeToLive(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("no jq on PATH; GitHub's runners have it")
	}
	ago := func(hours float64) string { // as the CLI writes it
		return time.Now().Add(-time.Duration(hours * float64(time.Hour))).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	type stack map[string]any
	updated := func(hours float64, resources int) stack {
		return stack{"lastUpdate": ago(hours), "resourceCount": resources}
	}
	step := dueStep(t)
	for _, tt := range []struct {
		name, event, hours string
		stacks             []stack // nil: the CLI fails
		want               string
	}{
		{"no stack", "schedule", "8", []stack{}, "due=false"},
		{"never updated", "schedule", "8", []stack{{"name": "environment", "resourceCount": 0}}, "due=false"},
		{"old", "schedule", "8", []stack{updated(9, 14), updated(8.5, 100)}, "due=true"},
		{"one is young", "schedule", "8", []stack{updated(9, 14), updated(7.5, 100)}, "due=false"},
		{"destroyed", "schedule", "8", []stack{updated(9, 0), updated(9, 0)}, "due=false"},
		{"a young one is destroyed", "schedule", "8", []stack{updated(9, 14), updated(1, 0)}, "due=true"},
		{"an update runs", "schedule", "8", []stack{updated(9, 14), {"resourceCount": 3, "updateInProgress": true}}, "due=false"},
		{"parts of an hour", "schedule", "0.5", []stack{updated(0.6, 14)}, "due=true"},
		{"by hand", "workflow_dispatch", "8", []stack{updated(1, 14)}, "due=true"},
		{"by hand without a time to live", "workflow_dispatch", "", []stack{updated(1, 14)}, "due=true"},
		{"by hand without resources", "workflow_dispatch", "", []stack{updated(1, 0)}, "due=false"},
		{"no answer", "schedule", "8", nil, ""},
		{"no number", "schedule", "eight", []stack{updated(9, 14)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := json.Marshal(tt.stacks)
			if err != nil {
				t.Fatal(err)
			}
			dir, script := t.TempDir(), "cat <<'END'\n"+string(list)+"\nEND\n"
			if tt.stacks == nil {
				script = "exit 255\n"
			}
			result := filepath.Join(dir, "output")
			if err := os.WriteFile(filepath.Join(dir, "pulumi"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", step) // as GitHub runs it
			cmd.Env = []string{
				"PATH=" + dir + ":" + os.Getenv("PATH"), "GITHUB_OUTPUT=" + result, "GITHUB_EVENT_NAME=" + tt.event,
				"TTL_HOURS=" + tt.hours, "ORGANIZATION=my-org",
			}
			out, err := cmd.CombinedOutput()
			if tt.want == "" {
				if err == nil {
					t.Errorf("the step passes although it knows nothing:\n%s", out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := strings.TrimSpace(readText(t, result)); got != tt.want {
				t.Errorf("of %s it says %s, want %s", list, got, tt.want)
			}
		})
	}
}
