package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"eks-lattice/internal/twin"
	"eks-lattice/internal/twin/iam"
)

// policyFolder contains the policies of the principals that deploy.
const (
	policyFolder = "policies"
	// deployerPrefix begins the names of the deployers and of the files.
	deployerPrefix = "deployer-"
)

// loadPolicies reads the policies of who deploys the stacks of each role, from
// deployer-<role>.json and deployer-<role>-<part>.json. Those of the last folder
// that has any for the role count.
func loadPolicies(roles []string, dirs ...string) (map[string][]iam.Document, error) {
	policies := map[string][]iam.Document{}
	for _, role := range roles {
		for _, dir := range dirs {
			if dir == "" {
				continue
			}
			found, err := readPolicies(dir, deployerPrefix+role)
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				policies[role] = found
			}
		}
	}
	return policies, nil
}

func readPolicies(dir, name string) ([]iam.Document, error) {
	var found []iam.Document
	for _, pattern := range []string{name + ".json", name + "-*.json"} {
		paths, err := filepath.Glob(filepath.Join(dir, policyFolder, pattern))
		if err != nil {
			return nil, fmt.Errorf("listing the policies of %s: %w", dir, err)
		}
		slices.Sort(paths)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("reading a policy: %w", err)
			}
			if _, err := iam.Parse(string(text), iam.Identity); err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
			found = append(found, iam.Document{Name: policyFolder + "/" + filepath.Base(path), Text: string(text)})
		}
	}
	return found, nil
}

// deploy gives each stack a deployer with the policies of its role. A project
// without policies is deployed by an administrator.
func (p *project) deploy(t *twin.Twin) {
	t.World.Look(func() {
		for _, s := range p.stacks {
			if policies := p.policies[s.role]; len(policies) > 0 {
				t.AWS.DeployAs(s.name, t.AWS.Deployer(deployerPrefix+s.role, policies...))
			}
		}
	})
}
