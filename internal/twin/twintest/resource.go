// Package twintest does to the twin's backends in tests what the Pulumi engine
// does to its providers.
package twintest

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// Resource is a resource that exists.
type Resource struct {
	Backend         engine.Backend
	Instance        *engine.Instance
	URN             resource.URN
	ID              string
	Inputs, Outputs engine.Props
}

// refuse returns the error of an input that Check refuses.
func refuse(f engine.Failure) error {
	if f.Law.ID == "" {
		return fmt.Errorf("%s: %s", f.Property, f.Reason)
	}
	return f.Law.Refuse("", "%s: %s", f.Property, f.Reason)
}

// Create checks a resource's inputs and creates it. The resource comes with the
// error when it exists although its creation failed; otherwise its ID is empty.
func (r *Resource) Create(w *world.World, inputs engine.Props) error {
	text, err := json.Marshal(inputs)
	if err != nil {
		return err
	}
	var plain engine.Props
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	checked, failures, err := r.Backend.Check(r.Instance, r.URN, nil, plain)
	if err != nil {
		return err
	}
	if len(failures) > 0 {
		return refuse(failures[0])
	}
	r.Inputs = checked
	return w.Do(world.Create, string(r.URN), func(op *world.Op) error {
		r.ID, r.Outputs, err = r.Backend.Create(op, r.Instance, r.URN, checked)
		return err
	})
}

// Diff checks new inputs and compares them with those that the resource has.
func (r *Resource) Diff(inputs engine.Props) (checked engine.Props, diff engine.Change, err error) {
	checked, failures, err := r.Backend.Check(r.Instance, r.URN, r.Inputs, inputs)
	if err != nil {
		return nil, diff, err
	}
	if len(failures) > 0 {
		return nil, diff, refuse(failures[0])
	}
	diff, err = r.Backend.Diff(r.Instance, r.URN, r.Inputs, r.Outputs, checked)
	return checked, diff, err
}

// Update updates the resource in place. An update that changes nothing, or that
// replaces the resource, is an error.
func (r *Resource) Update(w *world.World, inputs engine.Props) error {
	checked, diff, err := r.Diff(inputs)
	if err != nil {
		return err
	}
	if len(diff.Keys) == 0 || len(diff.Replace) > 0 {
		return fmt.Errorf("%s is not updated in place: %+v", r.URN, diff)
	}
	return w.Do(world.Update, string(r.URN), func(op *world.Op) error {
		out, err := r.Backend.Update(op, r.Instance, r.URN, r.ID, r.Inputs, r.Outputs, checked)
		if err == nil {
			r.Inputs, r.Outputs = checked, out
		}
		return err
	})
}

// Delete deletes the resource.
func (r *Resource) Delete(w *world.World) error {
	return w.Do(world.Delete, string(r.URN), func(op *world.Op) error {
		return r.Backend.Delete(op, r.Instance, r.URN, r.ID, r.Inputs, r.Outputs)
	})
}

// Refresh reads the resource, and compares what is live with the program's
// inputs, as the next update does. A resource that is not ready comes with the error.
func (r *Resource) Refresh(w *world.World) (inputs, outputs engine.Props, diff engine.Change, err error) {
	err = w.Do(world.Read, string(r.URN), func(op *world.Op) (err error) {
		inputs, outputs, err = r.Backend.Read(op, r.Instance, r.URN, r.ID, r.Inputs, r.Outputs)
		return err
	})
	if outputs != nil {
		var failed error
		diff, failed = r.Backend.Diff(r.Instance, r.URN, inputs, outputs, r.Inputs)
		err = cmp.Or(err, failed)
	}
	return inputs, outputs, diff, err
}
