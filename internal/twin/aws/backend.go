package aws

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// Backend returns the account as the provider package aws.
func (a *Account) Backend() engine.Backend { return backend{a} }

type backend struct{ *Account }

func (backend) Name() string    { return "aws" }
func (backend) Version() string { return "6.83.2" }

func kindOf(urn resource.URN) (*kind, error) {
	k := kinds[string(urn.Type())]
	if k == nil {
		return nil, lawKnownTypes.Refuse("", "the twin of AWS does not know the resource type %s", urn.Type())
	}
	return k, nil
}

// Diff compares inputs.
func (b backend) Diff(_ *engine.Instance, urn resource.URN, oldInputs, _, newInputs engine.Props) (engine.Change, error) {
	k, err := kindOf(urn)
	if err != nil {
		return engine.Change{}, err
	}
	return k.diff(oldInputs, newInputs), nil
}

func (k *kind) diff(oldInputs, newInputs engine.Props) engine.Change {
	var change engine.Change
	keys := slices.Sorted(maps.Keys(merge(oldInputs, newInputs)))
	for _, key := range keys {
		if strings.HasPrefix(key, "__") || k.same(key, oldInputs[key], newInputs[key]) {
			continue
		}
		change.Keys = append(change.Keys, key)
		if k.replaces(key, oldInputs[key], newInputs[key]) {
			change.Replace = append(change.Replace, key)
		}
	}
	// With a name that the program gave, the new resource cannot stand beside
	// the old one: the bridge deletes first.
	if len(change.Replace) > 0 && k.autoname != "" && !automatic(newInputs, k.autoname) && oldInputs[k.autoname] == newInputs[k.autoname] {
		change.DeleteBeforeReplace = true
	}
	return change
}

// replaces tells whether the change of an input, or of one part of it, replaces.
func (k *kind) replaces(key string, before, after any) bool {
	if slices.Contains(k.lasting, key) && before != nil && after == nil {
		return true
	}
	return slices.ContainsFunc(k.forceNew, func(path string) bool {
		if part, ok := strings.CutPrefix(path, key+"."); ok {
			return !reflect.DeepEqual(obj(before)[part], obj(after)[part])
		}
		return path == key
	})
}

// Create makes a resource.
func (b backend) Create(op *world.Op, inst *engine.Instance, urn resource.URN, inputs engine.Props) (string, engine.Props, error) {
	k, err := kindOf(urn)
	if err != nil {
		return "", nil, err
	}
	if len(b.inputs) == 0 {
		b.Region = b.regionOf(inst)
	}
	b.changes++
	takes(op, k.token)
	r := b.request(k, op, inst, string(urn), "", inputs, nil)
	id, err := k.create(r)
	if err != nil {
		return "", nil, err
	}
	r.id = id
	b.made[string(urn)]++
	b.inputs[k.token+" "+id] = inputs
	return id, overlay(inputs, k.outputs(r)), b.changed(op)
}

// Update changes a resource in place.
func (b backend) Update(op *world.Op, inst *engine.Instance, urn resource.URN, id string, oldInputs, _, newInputs engine.Props) (engine.Props, error) {
	k, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	b.changes++
	takes(op, k.token)
	r := b.request(k, op, inst, string(urn), id, newInputs, oldInputs)
	if k.outputs(r) == nil {
		return nil, gone(k, id)
	}
	if k.update != nil {
		if err := k.update(r); err != nil {
			return nil, err
		}
	}
	b.inputs[k.token+" "+id] = newInputs
	return overlay(newInputs, k.outputs(r)), b.changed(op)
}

// Delete removes a resource.
func (b backend) Delete(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, _ engine.Props) error {
	k, err := kindOf(urn)
	if err != nil {
		return err
	}
	b.changes++
	takes(op, k.token)
	r := b.request(k, op, inst, string(urn), id, inputs, nil)
	if k.outputs(r) != nil {
		if err := k.remove(r); err != nil {
			return err
		}
	}
	delete(b.inputs, k.token+" "+id)
	return b.changed(op)
}

func (b backend) changed(op *world.Op) error {
	if b.OnChange == nil {
		return nil
	}
	return b.OnChange(op)
}

// gone is what an update meets when somebody deleted the thing behind the
// program's back.
func gone(k *kind, id string) error {
	return lawExists.Refuse("NotFound", "%s %s does not exist any more", k.token, id)
}
