package cloud

import "eks-lattice/internal/twin/engine"

// Part is a resource type that is part of another record, such as a route of a
// route table.
type Part struct {
	Schema
	// Create creates it and returns its id.
	Create func(r *Request) (string, error)
	// Update changes it in place; without it the new inputs are only remembered.
	Update func(r *Request) error
	// Delete deletes it. It is not called for what no longer exists.
	Delete func(r *Request) error
	// Outputs returns what the account has: the computed outputs, and each input
	// that another party can change. It is nil when the resource does not exist.
	Outputs func(r *Request) engine.Props
	// Free refuses to delete it while something uses it; optional.
	Free func(a *Account, id string) error
}

// resources are all resource types by token.
var resources = map[string]*Part{}

// Define adds a resource type to those that the account knows.
func Define(p Part) bool {
	resources[p.Token] = &p
	return true
}

// Type is a resource type with records of its own.
type Type[T Record] struct {
	Schema
	Table *Table[T]
	// Create returns the record of a new resource; its ID becomes the resource's.
	Create func(r *Request) (T, error)
	// Update changes the record in place; without it only its tags change.
	Update func(r *Request, record T) error
	// Delete is for types where it means more than the deletion of the record,
	// or less.
	Delete func(r *Request, record T) error
	// Outputs are as in Part, but for the tags. The record exists.
	Outputs func(r *Request, record T) engine.Props
}

// DefineType adds a resource type with records of its own.
func DefineType[T Record](t Type[T]) bool {
	own := func(r *Request) T { return t.Table.Get(r.Account, r.ID) }
	return Define(Part{
		Schema: t.Schema,
		Free:   t.Table.Free,
		Create: func(r *Request) (string, error) {
			record, err := t.Create(r)
			if err != nil {
				return "", err
			}
			t.Table.Put(r.Account, record)
			return record.Info().ID, nil
		},
		Update: func(r *Request) error {
			record := own(r)
			if t.Update != nil {
				if err := t.Update(r, record); err != nil {
					return err
				}
			}
			if !t.Untagged {
				record.Info().Tags = r.Tags()
			}
			return nil
		},
		Delete: func(r *Request) error {
			if t.Delete != nil {
				return t.Delete(r, own(r))
			}
			t.Table.Delete(r.Account, r.ID)
			return nil
		},
		Outputs: func(r *Request) engine.Props {
			record := own(r)
			var none T
			if record == none {
				return nil
			}
			out := t.Outputs(r, record)
			if out != nil && !t.Untagged {
				out["tagsAll"] = record.Info().TagsAll()
			}
			return out
		},
	})
}
