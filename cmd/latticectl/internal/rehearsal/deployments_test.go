package rehearsal

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumiworkspace "github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// pulumiCloud is as much of Pulumi Cloud as the settings of deployments need.
type pulumiCloud struct {
	mu  sync.Mutex
	put map[string][]byte // bodies by path
}

func (c *pulumiCloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any
	switch path := r.URL.Path; {
	case path == "/api/user":
		answer = map[string]any{"githubLogin": "my-org", "name": "my-org"}
	case path == "/api/capabilities":
		answer = map[string]any{"capabilities": []any{}}
	case r.Method == http.MethodPut && strings.HasSuffix(path, "/deployments/settings"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		c.put[path] = body
		c.mu.Unlock()
		answer = json.RawMessage(body)
	case strings.HasPrefix(path, "/api/stacks/my-org/eks-lattice/"):
		answer = apitype.Stack{OrgName: "my-org", ProjectName: "eks-lattice", StackName: tokens.QName(filepath.Base(path))}
	default:
		http.Error(w, `{"code": 404, "message": "not here"}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (c *pulumiCloud) settings(stack string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put["/api/stacks/my-org/eks-lattice/"+stack+"/deployments/settings"]
}

// The hidden command that docs/ci.md names sends what the file of a stack says.
func TestDeploymentSettingsArePushed(t *testing.T) {
	t.Parallel()
	k := kit(t)
	cloud := &pulumiCloud{put: map[string][]byte{}}
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	home := t.TempDir()
	files, err := filepath.Glob(filepath.Join(k.Project, "Pulumi.*.deploy.yaml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found the files %v, %v", files, err)
	}
	for _, file := range files {
		stack := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".deploy.yaml")
		push := exec.CommandContext(t.Context(), k.Pulumi,
			"deployment", "settings", "push", "--stack", "my-org/"+stack, "--yes", "--non-interactive")
		push.Dir = k.Project
		push.Env = append(os.Environ(), "PULUMI_HOME="+home, "PULUMI_BACKEND_URL="+server.URL,
			"PULUMI_ACCESS_TOKEN=token", "PULUMI_SKIP_UPDATE_CHECK=true")
		if out, err := push.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", push.Args, err, out)
		}
		settings, err := pulumiworkspace.LoadProjectStackDeployment(file)
		if err != nil || settings.DeploymentSettings.GitHub == nil {
			t.Fatalf("%s has no settings: %v", file, err)
		}
		want, err := json.Marshal(settings.DeploymentSettings)
		if err != nil {
			t.Fatal(err)
		}
		if got := cloud.settings(stack); string(got) != string(want) {
			t.Errorf("of %s Pulumi Cloud gets\n%s\nwant\n%s", file, got, want)
		}
	}
}
