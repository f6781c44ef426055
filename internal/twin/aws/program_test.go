package aws

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// program makes resources through the backend as the engine does.
type program struct {
	t    *testing.T
	a    *Account
	inst *engine.Instance
	made map[string]*made // by name
}

type made struct {
	urn     resource.URN
	id      string
	in, out engine.Props
}

func newProgram(t *testing.T) *program {
	t.Helper()
	return &program{t: t, a: New(world.New()), made: map[string]*made{},
		inst: &engine.Instance{Config: engine.Props{"region": "ap-northeast-2", "defaultTags": `{"tags":{"project":"eks-lattice"}}`}}}
}

func urnOf(token, name string) resource.URN {
	return resource.URN("urn:pulumi:test::eks-lattice::" + token + "::" + name)
}

// try checks and creates.
func (p *program) try(token, name string, in engine.Props) (*made, error) {
	p.t.Helper()
	m := &made{urn: urnOf(token, name)}
	checked, failures, err := p.a.Backend().Check(p.inst, m.urn, nil, jsonish(in).(engine.Props))
	if err != nil {
		return nil, err
	}
	if len(failures) > 0 {
		return nil, errors.New(failures[0].Property + ": " + failures[0].Reason)
	}
	m.in = checked
	err = p.a.World.Do(world.Create, string(m.urn), func(op *world.Op) error {
		m.id, m.out, err = p.a.Backend().Create(op, p.inst, m.urn, checked)
		return err
	})
	return m, err
}

// up must succeed.
func (p *program) up(token, name string, in engine.Props) *made {
	p.t.Helper()
	m, err := p.try(token, name, in)
	if err != nil {
		p.t.Fatalf("creating %s %s: %v", token, name, err)
	}
	p.made[name] = m
	return m
}

// refused must break the law with the code and with all words.
func (p *program) refused(l law.Law, code string, words []string, token, name string, in engine.Props) {
	p.t.Helper()
	_, err := p.try(token, name, in)
	p.broke(err, l, code, words...)
}

// broke checks an error's law, code and words.
func (p *program) broke(err error, l law.Law, code string, words ...string) {
	p.t.Helper()
	var refusal *law.Refusal
	if !errors.As(err, &refusal) {
		p.t.Fatalf("want a refusal by law %s, got %v", l.ID, err)
	}
	covered.Store(l.ID, true)
	if refusal.Law.ID != l.ID || refusal.Code != code {
		p.t.Fatalf("want law %s and code %q, got: %v", l.ID, code, err)
	}
	for _, w := range words {
		if !strings.Contains(refusal.Message, w) {
			p.t.Fatalf("want %q in: %v", w, err)
		}
	}
}

// covered are the laws that some test broke.
var covered sync.Map

// TestMain lets no law pass that no test breaks.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if f := flag.Lookup("test.run"); code == 0 && (f == nil || f.Value.String() == "") {
		for _, l := range law.All() {
			if _, ok := covered.Load(l.ID); !ok {
				fmt.Fprintf(os.Stderr, "no test breaks the law %s\n", l.ID)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// broken marks a law that shows in another way than by a refusal.
func broken(l law.Law) { covered.Store(l.ID, true) }

// delete deletes a resource that was made.
func (p *program) delete(name string) error {
	p.t.Helper()
	m := p.made[name]
	err := p.a.World.Do(world.Delete, string(m.urn), func(op *world.Op) error {
		return p.a.Backend().Delete(op, p.inst, m.urn, m.id, m.in, m.out)
	})
	if err == nil {
		delete(p.made, name)
	}
	return err
}

// down must succeed, one after the other.
func (p *program) down(names ...string) {
	p.t.Helper()
	for _, name := range names {
		if err := p.delete(name); err != nil {
			p.t.Fatalf("deleting %s: %v", name, err)
		}
	}
}

// update checks, compares and updates in place with some inputs changed.
func (p *program) update(name string, change engine.Props) error {
	p.t.Helper()
	m := p.made[name]
	news := merge(m.in, jsonish(change).(engine.Props))
	checked, failures, err := p.a.Backend().Check(p.inst, m.urn, m.in, news)
	if err != nil || len(failures) > 0 {
		p.t.Fatalf("checking %s: %v %v", name, failures, err)
	}
	diff, err := p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, checked)
	if err != nil {
		return err
	}
	if len(diff.Replace) > 0 || len(diff.Keys) == 0 {
		p.t.Fatalf("updating %s in place: the change is %+v", name, diff)
	}
	return p.a.World.Do(world.Update, string(m.urn), func(op *world.Op) error {
		out, err := p.a.Backend().Update(op, p.inst, m.urn, m.id, m.in, m.out, checked)
		if err == nil {
			m.in, m.out = checked, out
		}
		return err
	})
}

// refresh reads a resource, and compares what is live with what the program
// gave, as the next update does.
func (p *program) refresh(name string) (in, out engine.Props, diff engine.Change) {
	p.t.Helper()
	m := p.made[name]
	err := p.a.World.Do(world.Read, string(m.urn), func(op *world.Op) (err error) {
		in, out, err = p.a.Backend().Read(op, p.inst, m.urn, m.id, m.in, m.out)
		return err
	})
	if err != nil {
		p.t.Fatalf("reading %s: %v", name, err)
	}
	if diff, err = p.a.Backend().Diff(p.inst, m.urn, in, out, m.in); err != nil {
		p.t.Fatalf("comparing %s: %v", name, err)
	}
	return in, out, diff
}

// mend is an update after a refresh.
func (p *program) mend(name string) error {
	p.t.Helper()
	in, out, _ := p.refresh(name)
	m := p.made[name]
	return p.a.World.Do(world.Update, string(m.urn), func(op *world.Op) error {
		_, err := p.a.Backend().Update(op, p.inst, m.urn, m.id, in, out, m.in)
		return err
	})
}

// depends tells whether an operation on one resource depended on another.
func (p *program) depends(name, on string, during world.Action, l law.Law) bool {
	for _, n := range p.a.World.Dependencies() {
		if strings.HasSuffix(n.Dependent, "::"+name) && strings.HasSuffix(n.On, "::"+on) && n.During == during && n.Law.ID == l.ID {
			return true
		}
	}
	return false
}

func (p *program) id(name string) string { return p.made[name].id }

func (p *program) get(name, output string) string { return text(p.made[name].out[output]) }

// jsonish gives Go values the types that properties have.
func jsonish(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []string:
		out := make([]any, 0, len(v))
		for _, s := range v {
			out = append(out, s)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, jsonish(e))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = jsonish(e)
		}
		return out
	}
	return v
}

// contains tells whether a text holds all words.
func contains(text string, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
