// Package awstest drives an AWS account in tests as the Pulumi engine does:
// programs create, update, refresh and delete resources through the provider.
package awstest

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/twintest"
	"eks-lattice/internal/twin/world"
)

// Program is a Pulumi program that uses an account.
type Program struct {
	T        *testing.T
	Account  *aws.Account
	Instance *engine.Instance
	Created  map[string]*twintest.Resource // by name
}

// New returns a program with an empty account.
func New(t *testing.T) *Program {
	t.Helper()
	return &Program{T: t, Account: aws.New(world.New()), Created: map[string]*twintest.Resource{},
		Instance: &engine.Instance{Config: engine.Props{"region": "ap-northeast-2", "defaultTags": `{"tags":{"project":"eks-lattice"}}`}}}
}

// URN is that of a resource.
func URN(token, name string) resource.URN {
	return resource.URN("urn:pulumi:test::eks-lattice::" + token + "::" + name)
}

// Try checks and creates. The error of a failed check carries its law.
func (p *Program) Try(token, name string, in engine.Props) error {
	p.T.Helper()
	r := &twintest.Resource{Backend: p.Account.Backend(), Instance: p.Instance, URN: URN(token, name)}
	err := r.Create(p.Account.World, in)
	if err == nil {
		p.Created[name] = r
	}
	return err
}

// Up must succeed.
func (p *Program) Up(token, name string, in engine.Props) *twintest.Resource {
	p.T.Helper()
	if err := p.Try(token, name, in); err != nil {
		p.T.Fatalf("creating %s %s: %v", token, name, err)
	}
	return p.Created[name]
}

// Delete deletes a resource.
func (p *Program) Delete(name string) error {
	p.T.Helper()
	err := p.Created[name].Delete(p.Account.World)
	if err == nil {
		delete(p.Created, name)
	}
	return err
}

// Down deletes, one after the other. It must succeed.
func (p *Program) Down(names ...string) {
	p.T.Helper()
	for _, name := range names {
		if err := p.Delete(name); err != nil {
			p.T.Fatalf("deleting %s: %v", name, err)
		}
	}
}

// Diff checks a resource with some inputs changed, and compares.
func (p *Program) Diff(name string, change engine.Props) (checked engine.Props, diff engine.Change) {
	p.T.Helper()
	checked, diff, err := p.Created[name].Diff(p.with(name, change))
	if err != nil {
		p.T.Fatalf("comparing %s: %v", name, err)
	}
	return checked, diff
}

// Update updates a resource in place with some inputs changed.
func (p *Program) Update(name string, change engine.Props) error {
	p.T.Helper()
	return p.Created[name].Update(p.Account.World, p.with(name, change))
}

// with returns the inputs of a resource with some of them changed.
func (p *Program) with(name string, change engine.Props) engine.Props {
	return cloud.Merge(p.Created[name].Inputs, Props(change))
}

// Change must succeed.
func (p *Program) Change(name string, change engine.Props) {
	p.T.Helper()
	if err := p.Update(name, change); err != nil {
		p.T.Fatalf("updating %s: %v", name, err)
	}
}

// Refresh reads a resource, and compares what is live with the program's inputs,
// as the next update does.
func (p *Program) Refresh(name string) (in, out engine.Props, diff engine.Change) {
	p.T.Helper()
	in, out, diff, err := p.Created[name].Refresh(p.Account.World)
	if err != nil {
		p.T.Fatalf("refreshing %s: %v", name, err)
	}
	return in, out, diff
}

// Repair is an update after a refresh.
func (p *Program) Repair(name string) error {
	p.T.Helper()
	in, out, _ := p.Refresh(name)
	m := p.Created[name]
	return p.Account.World.Do(world.Update, string(m.URN), func(op *world.Op) error {
		_, err := p.Account.Backend().Update(op, p.Instance, m.URN, m.ID, in, out, m.Inputs)
		return err
	})
}

// Invoke calls a function.
func (p *Program) Invoke(token string, args engine.Props) (out engine.Props, err error) {
	p.T.Helper()
	err = p.Account.World.Do(world.Read, token, func(op *world.Op) error {
		out, err = p.Account.Backend().Invoke(op, p.Instance, token, Props(args))
		return err
	})
	return out, err
}

// ID is a resource's id.
func (p *Program) ID(name string) string { return p.Created[name].ID }

// Get is an output that is a string.
func (p *Program) Get(name, output string) string { return cloud.Text(p.Created[name].Outputs[output]) }

// Depends returns why an operation on one resource depended on another, the zero
// Law if it did not.
func (p *Program) Depends(name, on string, during world.Action) []string {
	var ids []string
	for _, d := range p.Account.World.Dependencies() {
		if cloud.Tail(d.Dependent, ":") == name && cloud.Tail(d.On, ":") == on && d.During == during {
			ids = append(ids, d.Law.ID)
		}
	}
	return ids
}

// Leftovers must be these.
func (p *Program) Leftovers(want ...string) {
	p.T.Helper()
	got := p.Account.Leftovers()
	if len(got) != len(want) {
		p.T.Fatalf("left over: %q, want %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			p.T.Fatalf("left over: %q, want %q", got, want)
		}
	}
}

// Warnings must be by these laws.
func (p *Program) Warnings(laws ...string) []law.Warning {
	p.T.Helper()
	got := p.Account.Warnings()
	ids := map[string]int{}
	for _, w := range got {
		ids[w.Law.ID]++
	}
	for _, id := range laws {
		ids[id]--
	}
	for id, n := range ids {
		if n != 0 {
			p.T.Fatalf("warnings: %v, want those of %q; differs in %s", got, laws, id)
		}
	}
	return got
}

// Props gives Go values the types that properties have.
func Props(in engine.Props) engine.Props {
	out, _ := property(in).(engine.Props)
	return out
}

func property(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []string:
		return cloud.List(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, property(e))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = property(e)
		}
		return out
	}
	return v
}
