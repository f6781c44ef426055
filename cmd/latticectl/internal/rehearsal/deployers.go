package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"eks-lattice/internal/twin"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
)

// policyFolder contains the policies of the principals that deploy.
const policyFolder = "policies"

// The names of policies, without .json.
const (
	deployerPrefix  = "deployer-"        // and a role; begins the names of the deployers, too
	boundaryPolicy  = "boundary"         // of the roles that the program creates
	requireBoundary = "require-boundary" // for deployers of stacks with permissionsBoundaryArn
)

// loadPolicies reads policies by their names, from <name>.json and from
// <name>-<part>.json. Those of the last folder that has any for the name count.
func loadPolicies(names []string, dirs ...string) (map[string][]iam.Document, error) {
	policies := map[string][]iam.Document{}
	for _, name := range names {
		for _, dir := range dirs {
			if dir == "" {
				continue
			}
			found, err := readPolicies(dir, name)
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				policies[name] = found
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
// without policies is deployed by an administrator. The boundary that a stack names
// exists, with the text that the project ships.
func (p *project) deploy(t *twin.Twin) {
	t.World.Look(func() {
		for _, s := range p.stacks {
			policies := slices.Clone(p.policies[deployerPrefix+s.role])
			if boundary := p.policies[boundaryPolicy]; s.boundary != "" && len(boundary) > 0 {
				roles.AddPolicy(t.AWS.Account, s.boundary, boundary[0].Text)
				policies = append(policies, p.policies[requireBoundary]...)
			}
			if len(policies) > 0 {
				t.AWS.DeployAs(s.name, t.AWS.Deployer(deployerPrefix+s.role, policies...))
			}
		}
	})
}
