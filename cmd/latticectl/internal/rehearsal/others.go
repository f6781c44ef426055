package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// readManifests reads what others deploy, by stack, from files beside rehearsal.yaml.
func (s *surroundings) readManifests(dir string) error {
	s.others = map[string]string{}
	for stack, files := range s.Manifests {
		var texts []string
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				return fmt.Errorf("reading what others deploy to %s: %w", stack, err)
			}
			texts = append(texts, string(text))
		}
		s.others[stack] = strings.Join(texts, "\n---\n")
	}
	return nil
}

// withoutManifests reports Services that nobody deploys in a rehearsal.
func (p *project) withoutManifests() (problems []error) {
	for _, s := range p.stacks {
		for _, a := range s.apps {
			if a.Service != nil && p.around.others[s.name] == "" {
				problems = append(problems, fmt.Errorf("%s of stack %s publishes Service %s/%s of somebody else; name its manifests in %s "+
					"beside the stack file, as examples/existing-service does", a.Name, s.name, a.Namespace, a.Service.Name, surroundingsFile))
			}
		}
	}
	return problems
}

// deploy deploys a stack in the order that docs/applications.md describes: first without
// the applications that publish what others deploy, which need its namespaces; then with
// all.
func (r *run) deploy(ctx context.Context, s *stack, t *Track) error {
	if others := r.project.around.others[s.file.name]; others != "" {
		if err := r.upWithoutServices(ctx, s, t); err != nil {
			return err
		}
		if err := r.twin.Kube.Deploy(s.file.cluster, others); err != nil {
			return fmt.Errorf("deploying as others to %s: %w", s.file.cluster, err)
		}
	}
	_, err := s.up(ctx, t)
	return err
}

func (r *run) upWithoutServices(ctx context.Context, s *stack, t *Track) (err error) {
	file := filepath.Join(r.work.dir, "project", "Pulumi."+s.file.name+".yaml")
	whole, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the configuration of %s: %w", s.file.name, err)
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, whole, 0o600)) }()
	for i, app := range slices.Backward(s.file.apps) {
		if app.Service == nil {
			continue
		}
		key := fmt.Sprintf("eks-lattice:apps[%d]", i)
		if err := s.auto.RemoveConfigWithOptions(ctx, key, &auto.ConfigOptions{Path: true}); err != nil {
			return fmt.Errorf("leaving out %s of %s: %w", app.Name, s.file.name, err)
		}
	}
	_, err = s.up(ctx, t)
	return err
}
