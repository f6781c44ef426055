package rehearsal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/names"
	"eks-lattice/internal/twin/iam"
)

// An up or a destroy without one permission fails, and the message names the
// action and the files that lack it. With the permission, the next one goes on.
func TestDeployerWithoutAPermission(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	environment, cluster := r.stacks[0], r.stacks[1]
	deploy := func(s *stack) error { _, err := s.up(t.Context(), r.track()); return err }
	destroy := func(s *stack) error { _, err := s.destroy(t.Context(), r.track()); return err }
	for _, step := range []struct {
		stack   *stack
		do      func(*stack) error
		actions []string // each is missing once
	}{
		{environment, deploy, []string{"route53:ListTagsForResource", "iam:CreateServiceLinkedRole"}},
		{cluster, deploy, []string{"ec2:DescribeAvailabilityZones", "iam:PassRole"}},
		{cluster, destroy, []string{"eks:DeleteNodegroup"}},
		{environment, destroy, []string{"acm-pca:DeletePermission"}},
	} {
		for _, action := range step.actions {
			r.deployWithout(t, step.stack, action)
			err := step.do(step.stack)
			if err == nil {
				t.Fatalf("%s without %s succeeds", step.stack.file.name, action)
			}
			for _, word := range []string{"policies/deployer-" + step.stack.file.role + ".json", " is not authorized to perform: " + action +
				" on resource: ", "because no identity-based policy allows the " + action + " action [law deployer-permissions]"} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s without %s: the error does not contain %q:\n%v", step.stack.file.name, action, word, err)
				}
			}
		}
		r.deployWithout(t, step.stack, "")
		if err := step.do(step.stack); err != nil {
			t.Fatal(err)
		}
	}
	if left := r.twin.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// With require-boundary, a deployer makes roles only with the boundary of the project.
func TestRequiredBoundary(t *testing.T) {
	t.Parallel()
	loaded, err := loadProject(root, "")
	if err != nil {
		t.Fatal(err)
	}
	who := iam.Principal{Policies: append(loaded.policies[deployerPrefix+names.RoleEnvironment], loaded.policies[requireBoundary]...)}
	for boundary, want := range map[string]iam.Effect{
		"": iam.Denied, "arn:aws:iam::123456789012:policy/mine": iam.Denied,
		"arn:aws:iam::123456789012:policy/eks-lattice-boundary": iam.Allowed,
	} {
		for _, action := range []string{"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"} {
			q := iam.NewQuery(who, action, "arn:aws:iam::123456789012:role/vpc-lattice-sigv4-client")
			q.Context.Set("iam:PermissionsBoundary", boundary)
			if effect, _ := iam.EvaluateIdentity(q); effect != want {
				t.Errorf("%s with boundary %q: %d, want %d", action, boundary, effect, want)
			}
		}
	}
	// The boundary itself gives a role no way to more.
	role := iam.Principal{Policies: []iam.Document{{Text: `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}},
		Boundary: &loaded.policies[boundaryPolicy][0]}
	for _, action := range []string{"iam:CreateRole", "iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole", "eks:CreateAccessEntry"} {
		if effect, _ := iam.EvaluateIdentity(iam.NewQuery(role, action, "*")); effect != iam.Silent {
			t.Errorf("the boundary allows %s", action)
		}
	}
}

// deployWithout takes an action away from a stack's deployer; none gives all back.
func (r *run) deployWithout(t *testing.T, s *stack, action string) {
	t.Helper()
	var policies []iam.Document
	for _, document := range r.project.policies[deployerPrefix+s.file.role] {
		var text map[string]any
		if err := json.Unmarshal([]byte(document.Text), &text); err != nil {
			t.Fatal(err)
		}
		statements, _ := text["Statement"].([]any)
		text["Statement"] = slices.DeleteFunc(statements, func(statement any) bool {
			fields, _ := statement.(map[string]any)
			rest := slices.DeleteFunc(list(fields["Action"]), func(a string) bool { return a == action })
			fields["Action"] = rest
			return len(rest) == 0
		})
		changed, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		policies = append(policies, iam.Document{Name: document.Name, Text: string(changed)})
	}
	r.twin.World.Look(func() { r.twin.AWS.DeployAs(s.file.name, r.twin.AWS.Deployer(deployerPrefix+s.file.role, policies...)) })
}

// A folder of stack files may bring policies of its own.
func TestPoliciesOfAnOverlay(t *testing.T) {
	t.Parallel()
	overlay := overlayWith(t, "Pulumi.environment.yaml", "")
	loaded, err := loadProject(root, overlay)
	if err != nil {
		t.Fatal(err)
	}
	shipped := []string{"policies/deployer-cluster.json", "policies/deployer-cluster-network.json"}
	if got := policyNames(loaded.policies[deployerPrefix+names.RoleCluster]); !slices.Equal(got, shipped) {
		t.Errorf("policies of clusters: %q", got)
	}
	writeFile(t, overlay, "policies/deployer-cluster.json",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	if loaded, err = loadProject(root, overlay); err != nil {
		t.Fatal(err)
	}
	if got := policyNames(loaded.policies[deployerPrefix+names.RoleCluster]); !slices.Equal(got, shipped[:1]) {
		t.Errorf("policies of clusters with the overlay's own: %q", got)
	}
	writeFile(t, overlay, "policies/deployer-environment.json", `{"Statement":[]}`)
	if _, err = loadProject(root, overlay); err == nil || !strings.Contains(err.Error(), "must have at least one statement") {
		t.Errorf("a policy without statements: %v", err)
	}
}

func policyNames(documents []iam.Document) (all []string) {
	for _, d := range documents {
		all = append(all, d.Name)
	}
	return all
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
