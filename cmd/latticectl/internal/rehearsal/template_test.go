package rehearsal

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"eks-lattice/internal/twin"
	twincall "eks-lattice/internal/twin/kube/call"
)

// "pulumi new" creates a project from the template beside a clone of this one.
// It is deployed, called and destroyed.
func TestProjectFromTheTemplate(t *testing.T) {
	t.Parallel()
	k := kit(t)
	world, err := twin.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	beside := t.TempDir()
	project := filepath.Join(beside, "shop")
	if err := os.Symlink(k.Project, filepath.Join(beside, "eks-lattice")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"shop", "state", "home"} {
		if err := os.Mkdir(filepath.Join(beside, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	env := Environment(k, world.Attach)
	env["PULUMI_BACKEND_URL"] = "file://" + filepath.Join(beside, "state")
	env["PULUMI_HOME"] = filepath.Join(beside, "home")
	env["PULUMI_CONFIG_PASSPHRASE"] = "rehearsal"
	pulumi := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), k.Pulumi, append(args, "--non-interactive")...)
		cmd.Dir, cmd.Env = project, os.Environ()
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	pulumi("new", "../eks-lattice/template", "--yes", "--name", "shop", "--stack", "dev", "--config", "shop:domain=shop.example.com")
	pulumi("up", "--yes")
	pulumi("up", "--yes", "--refresh", "--expect-no-changes")
	for _, app := range []string{"web", "orders"} {
		if got, want := strings.TrimSpace(pulumi("stack", "output", app)), "http://"+app+".shop.example.com"; got != want {
			t.Errorf("the output %s is %s, want %s", app, got, want)
		}
	}
	for _, tt := range []struct {
		namespace, app, to string
		allowed            bool
	}{
		{"front", "web", "orders", true},
		{"back", "orders", "web", true},
		{"front", "web", "web", false},
		{"back", "orders", "orders", false},
	} {
		from := twincall.Caller{Cluster: "eks-dev", Namespace: tt.namespace, ServiceAccount: "default", Deployment: tt.app + "-v1"}
		got, err := world.Call(from, http.MethodGet, "http://"+tt.to+".shop.example.com")
		if err != nil {
			t.Fatal(err)
		}
		if got.Allowed != tt.allowed {
			t.Errorf("%s calls %s: %d %s, want allowed = %v", tt.app, tt.to, got.Status, got.Body, tt.allowed)
		}
	}
	pulumi("destroy", "--yes")
	if left := world.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}
