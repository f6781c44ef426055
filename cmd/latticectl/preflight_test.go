package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/preflight"
)

// The command reads the credentials and the endpoint of its environment, says all
// problems at once, and no secret.
func TestPreflight(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<ErrorResponse><Error><Code>ExpiredToken</Code>" +
			"<Message>The security token is expired</Message></Error></ErrorResponse>"))
	}))
	t.Cleanup(server.Close)
	for name, tt := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"table": {[]string{"--dir", "../..", "--stacks", t.TempDir()}, exitFailed,
			[]string{"ExpiredToken: The security token is expired (credentials from environment variables)", "no Pulumi.<stack>.yaml in", "NOT OK"}},
		"JSON":       {[]string{"--dir", "../..", "--stacks", t.TempDir(), "--json"}, exitFailed, []string{`"ok": false`, `"status": "failed"`}},
		"no project": {[]string{"--dir", t.TempDir()}, exitUsage, []string{"no Pulumi.yaml in"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"preflight"}, tt.args...)...)
			cmd.Env = append(os.Environ(), asItself+"=1", "AWS_ENDPOINT_URL="+server.URL, "AWS_REGION=ap-northeast-2",
				"AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=very-secret", "AWS_SESSION_TOKEN=a-secret-token",
				"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
			var out, progress bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &progress
			err := cmd.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != tt.code {
				t.Errorf("the command ends with %v, want %d", err, tt.code)
			}
			all := strings.Join(strings.Fields(out.String()+progress.String()), " ")
			for _, want := range tt.says {
				if !strings.Contains(strings.NewReplacer(" │ │ │ │ ", " ").Replace(all), want) {
					t.Errorf("it does not say %q:\n%s%s", want, out.String(), progress.String())
				}
			}
			if strings.Contains(all, "secret") {
				t.Error("it says a secret")
			}
			if tt.args[len(tt.args)-1] == "--json" && json.Unmarshal(out.Bytes(), &preflight.Report{}) != nil {
				t.Errorf("this is not JSON:\n%s", out.String())
			}
		})
	}
}

// docs/operations.md shows the keys of a preflight's report in their order.
func TestPreflightInDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Before the first deployment\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var shown []string
	for _, m := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(section, -1) {
		shown = append(shown, m[1])
	}
	if want := keys(reflect.TypeFor[preflight.Report]()); !slices.Equal(shown, want) {
		t.Errorf("docs/operations.md shows the keys\n%q\nthe report has\n%q", shown, want)
	}
}
