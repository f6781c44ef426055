package rehearsal

import (
	"context"
	"errors"
	"strings"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/twin/iam"
)

// Needs are what the stacks ask AWS for, from their creation to their end.
type Needs struct {
	Region    string
	Resources []Resource
	// Calls are those of the stacks' deployers that need a permission, by role of
	// the stack. Their ARNs have the twin's Account.
	Calls    map[string][]iam.Query
	Account  string
	Cost     report.Cost
	Modelled report.Modelled
}

// Resource is one that a stack registers.
type Resource struct {
	Stack, URN, Type, ID string
	Inputs               map[string]any
}

// Ask deploys the stacks to the twin and destroys them, to find out what they need.
func Ask(ctx context.Context, o Options) (needs *Needs, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		if err != nil {
			err = named(err, o.Kit)
		}
	}()
	r := &run{Options: o, report: report.New()}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.work.close()) }()
	if _, err := r.deployAll(ctx); err != nil {
		return nil, err
	}
	shared, clusters := r.roles()
	if err := r.each(ctx, "destroy", backwards(clusters), r.destroy(ctx)); err != nil {
		return nil, err
	}
	if err := r.destroyShared(ctx, shared); err != nil {
		return nil, err
	}
	return r.needs(), nil
}

func (r *run) needs() *Needs {
	n := &Needs{
		Region: topology(r.project, r.stacks).Region, Calls: map[string][]iam.Query{},
		Cost: costs(r.stacks), Modelled: model(r.twin.World.Journal(), r.stacks),
	}
	for _, s := range r.stacks {
		for _, found := range s.graph.resources {
			n.Resources = append(n.Resources, Resource{s.file.name, found.URN, found.Type, found.ID, found.Inputs})
		}
	}
	r.twin.World.Look(func() {
		n.Account = r.twin.AWS.ID
		for _, q := range r.twin.AWS.Requests() {
			if _, role, ok := strings.Cut(q.Principal.RoleARN, ":role/"+deployerPrefix); ok {
				n.Calls[role] = append(n.Calls[role], q)
			}
		}
	})
	return n
}
