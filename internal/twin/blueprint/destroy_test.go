package blueprint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/law"
)

// destroy removes resources of a stack with all that needs them, as
// `terraform destroy -target` does: a resource goes once nothing that is still
// there needs it, the last declared first. Without targets it removes the whole
// stack. It stops at the first refusal.
func (p *port) destroy(stack string, targets ...string) error {
	p.tb.Helper()
	if len(targets) == 0 {
		targets = []string{""}
	}
	doomed := map[string]bool{}
	for range p.resources { // until the dependents of dependents are in
		for _, d := range p.resources {
			if p.made[d.name] == nil || !strings.HasPrefix(d.name, stack+"/") {
				continue
			}
			if slices.ContainsFunc(targets, func(t string) bool { return strings.HasPrefix(d.name, stack+"/"+t) }) ||
				slices.ContainsFunc(d.dependencies(), func(n string) bool { return doomed[n] }) {
				doomed[d.name] = true
			}
		}
	}
	for len(doomed) > 0 {
		next := ""
		for _, d := range slices.Backward(p.resources) {
			if doomed[d.name] && !p.needed(d.name) {
				next = d.name
				break
			}
		}
		if err := p.remove(next); err != nil {
			return err
		}
		delete(doomed, next)
	}
	return nil
}

// needed reports whether something that is there needs a resource.
func (p *port) needed(name string) bool {
	for _, m := range p.made {
		if slices.Contains(m.dependencies(), name) {
			return true
		}
	}
	return false
}

// remove deletes one resource even if others depend on it: a destroy in the wrong
// order.
func (p *port) remove(name string) error {
	p.tb.Helper()
	m, there := p.made[name]
	if !there {
		p.tb.Fatalf("%s does not exist", name)
	}
	if err := m.Delete(p.world); err != nil {
		return fmt.Errorf("deleting %s: %w", name, err)
	}
	delete(p.made, name)
	return nil
}

// broke checks that an error is the refusal of one resource by a law, with the
// code and all words.
func (p *port) broke(err error, name, lawID, code string, words ...string) {
	p.tb.Helper()
	var r *law.RefusalError
	if !errors.As(err, &r) {
		p.tb.Fatalf("want %s to be refused by law %s, got: %v", name, lawID, err)
	}
	if r.Law.ID != lawID || r.Code != code || !strings.Contains(err.Error(), " "+name+": ") {
		p.tb.Fatalf("want %s to be refused by law %s with code %q, got law %s, code %q: %v", name, lawID, code, r.Law.ID, r.Code, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			p.tb.Errorf("want %q in: %v", w, err)
		}
	}
}

func (p *port) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal(err)
	}
}

// leftovers lists what is still there.
func (p *port) leftovers() (left []string) {
	p.world.Look(func() { left = slices.Concat(p.account.Leftovers(), p.kube.Leftovers()) })
	return left
}

// warnings lists what was accepted silently.
func (p *port) warnings() (list []string) {
	p.world.Look(func() {
		for _, w := range slices.Concat(p.account.Warnings(), p.kube.Warnings()) {
			list = append(list, w.String())
		}
	})
	return list
}
