package cloud

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Backend returns the account as the provider package aws.
func (a *Account) Backend() engine.Backend { return backend{a} }

type backend struct{ *Account }

func (backend) Name() string    { return "aws" }
func (backend) Version() string { return "6.83.2" }

// request is one call for a resource of a type; without a type, of a function.
func (b backend) request(s *Schema, op *world.Op, inst *engine.Instance, urn, id string, in, old engine.Props) *Request {
	r := &Request{Account: b.Account, Op: op, URN: urn, Region: b.regionOf(inst), ID: id, In: in, Old: old, same: s.same}
	if inst != nil {
		r.by = inst.URN
	}
	return r
}

func (b backend) regionOf(inst *engine.Instance) string {
	if inst != nil {
		if region := Text(inst.Config["region"]); region != "" {
			return region
		}
	}
	return b.Region
}

func typeOf(urn resource.URN) (*Part, error) {
	t := resources[string(urn.Type())]
	if t == nil {
		return nil, lawKnownTypes.Refuse("", "the twin of AWS does not know the resource type %s", urn.Type())
	}
	return t, nil
}

// Diff compares inputs.
func (b backend) Diff(_ *engine.Instance, urn resource.URN, oldInputs, _, newInputs engine.Props) (engine.Change, error) {
	t, err := typeOf(urn)
	if err != nil {
		return engine.Change{}, err
	}
	change := t.diff(oldInputs, newInputs)
	b.World.Look(func() {
		if len(change.Keys) > 0 && len(change.Replace) == 0 && b.drifted[string(urn)] {
			change.Law = lawRefresh
		}
	})
	return change, nil
}

// Create creates a resource.
func (b backend) Create(op *world.Op, inst *engine.Instance, urn resource.URN, inputs engine.Props) (string, engine.Props, error) {
	t, err := typeOf(urn)
	if err != nil {
		return "", nil, err
	}
	if len(b.inputs) == 0 {
		b.Region = b.regionOf(inst)
	}
	b.Change()
	t.Takes.spend(op)
	r := b.request(&t.Schema, op, inst, string(urn), "", inputs, nil)
	if err := t.checkReferences(r); err != nil {
		return "", nil, err
	}
	if err := r.ask(calls[t.Token].Create); err != nil {
		return "", nil, err
	}
	if r.ID, err = t.Create(r); err != nil {
		return "", nil, err
	}
	b.created[string(urn)]++
	b.inputs[t.Token+" "+r.ID] = inputs
	outputs := overlay(inputs, t.Outputs(r))
	// The resource stays if the rest is refused.
	if err := r.ask(append(slices.Clone(calls[t.Token].Created), calls[t.Token].Read...)); err != nil {
		return r.ID, outputs, err
	}
	return r.ID, outputs, b.changed(op)
}

// Update changes a resource in place.
func (b backend) Update(op *world.Op, inst *engine.Instance, urn resource.URN, id string,
	oldInputs, _, newInputs engine.Props) (engine.Props, error) {
	t, err := typeOf(urn)
	if err != nil {
		return nil, err
	}
	b.Change()
	t.Takes.spend(op)
	r := b.request(&t.Schema, op, inst, string(urn), id, newInputs, oldInputs)
	if t.Outputs(r) == nil {
		return nil, gone(t, id)
	}
	if err := t.checkReferences(r); err != nil {
		return nil, err
	}
	if err := r.ask(append(slices.Clone(calls[t.Token].Update), calls[t.Token].Read...)); err != nil {
		return nil, err
	}
	if t.Update != nil {
		if err := t.Update(r); err != nil {
			return nil, err
		}
	}
	b.inputs[t.Token+" "+id] = newInputs
	delete(b.drifted, string(urn))
	return overlay(newInputs, t.Outputs(r)), b.changed(op)
}

// checkReferences leaves out what an update does not change.
func (p *Part) checkReferences(r *Request) error {
	for _, ref := range p.Refers {
		if r.ID != "" && !r.Changed(ref.input()) {
			continue
		}
		if err := ref.check(r); err != nil {
			return err
		}
	}
	return nil
}

// Delete deletes a resource.
func (b backend) Delete(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, _ engine.Props) error {
	t, err := typeOf(urn)
	if err != nil {
		return err
	}
	b.Change()
	t.Takes.spend(op)
	r := b.request(&t.Schema, op, inst, string(urn), id, inputs, nil)
	if t.Outputs(r) != nil {
		if err := r.ask(calls[t.Token].Delete); err != nil {
			return err
		}
		if t.Free != nil {
			if err := t.Free(b.Account, id); err != nil {
				return err
			}
		}
		if err := t.Delete(r); err != nil {
			return err
		}
	}
	delete(b.inputs, t.Token+" "+id)
	return b.changed(op)
}

func (b backend) changed(op *world.Op) error {
	if b.OnChange == nil {
		return nil
	}
	return b.OnChange(op)
}

// Read looks a resource up: inputs and outputs as the account has them now.
func (b backend) Read(op *world.Op, inst *engine.Instance, urn resource.URN, id string,
	inputs, _ engine.Props) (engine.Props, engine.Props, error) {
	t, err := typeOf(urn)
	if err != nil {
		return nil, nil, err
	}
	kept, ok := b.inputs[t.Token+" "+id]
	if !ok {
		kept = Merge(nil, inputs)
	}
	if len(inputs) == 0 {
		inputs = kept
	}
	r := b.request(&t.Schema, op, inst, string(urn), id, kept, nil)
	if err := r.ask(calls[t.Token].Read); err != nil {
		return nil, nil, err
	}
	found := t.Outputs(r)
	if found == nil {
		return nil, nil, nil
	}
	live, state, err := t.live(inst, inputs, kept, found)
	if err == nil {
		b.drifted[string(urn)] = len(t.diff(inputs, live).Keys) > 0
	}
	return live, state, err
}

var lawGone = law.New(law.References, "aws-resources-exist",
	"An update of a resource that another party deleted is refused.",
	"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html")

func gone(t *Part, id string) error {
	return lawGone.Refuse("NotFound", "%s %s does not exist any more", t.Token, id)
}
