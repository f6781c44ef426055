package preflight

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	twiniam "eks-lattice/internal/twin/iam"
)

// The policies that the project ships allow all that a preflight asks for, each for
// its role, and nothing of the other one.
func TestPoliciesOfTheProject(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pattern              string
		environment, cluster Status
	}{
		"of both roles":      {"deployer-[ce]*.json", OK, OK},
		"of the environment": {"deployer-environment.json", OK, Failed},
		"of the clusters":    {"deployer-cluster*.json", Failed, OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join(root, "policies", tt.pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("policies: %q, %v", files, err)
			}
			w := newWorld()
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				w.policies = append(w.policies, twiniam.Document{Text: string(text)})
			}
			for _, c := range w.run(t).Checks {
				role, ok := strings.CutPrefix(c.Name, "to deploy stacks of role ")
				if want := map[string]Status{"environment": tt.environment, "cluster": tt.cluster}[role]; ok && c.Status != want {
					t.Errorf("%+v, want %s", c, want)
				}
			}
		})
	}
}
