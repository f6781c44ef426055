package cloud

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Reference declares that an input names records of a table by their ids. A
// request that names one that does not exist in its Region is refused.
type Reference struct {
	Property string // "vpcId", "vpcConfig.subnetIds": an id or a list of ids
	To       interface {
		exists(r *Request, id string, own Missing) error
	}
	// Missing replaces the table's words, as far as it is given: a law alone, or
	// code and format.
	Missing Missing
}

func (ref Reference) check(r *Request) error {
	for _, id := range ref.ids(r.In) {
		if err := ref.To.exists(r, id, ref.Missing); err != nil {
			return err
		}
	}
	return nil
}

// input is the one that holds the property.
func (ref Reference) input() string {
	parent, _, _ := strings.Cut(ref.Property, ".")
	return parent
}

// ids leaves out an input that is not given.
func (ref Reference) ids(in engine.Props) []string {
	parent, part, nested := strings.Cut(ref.Property, ".")
	value := in[parent]
	if nested {
		value = Object(value)[part]
	}
	if id := Text(value); id != "" {
		return []string{id}
	}
	return Texts(value)
}

// InUse is how AWS refuses to delete a record that another one uses.
type InUse struct {
	Law    law.Law
	Code   string
	Format string // with %[1]s for the id and %[2]s for what uses it
}

// Use declares that records of one table use those of another, which cannot be
// deleted before. ids are the used ones; as describes the user.
func Use[U, T Record](from *Table[U], to *Table[T], refusal InUse, ids func(U) []string, as func(U) string) bool {
	to.users = append(to.users, func(a *Account, id string) (InUse, []string) {
		var by []string
		for _, user := range from.All(a) {
			if slices.Contains(ids(user), id) {
				by = append(by, as(user))
			}
		}
		return refusal, by
	})
	return true
}

// Free refuses when the record of an id is in use.
func (t *Table[T]) Free(a *Account, id string) error {
	var refusal InUse
	var all []string
	for _, used := range t.users {
		rule, by := used(a, id)
		if len(by) > 0 && len(all) == 0 {
			refusal = rule
		}
		if len(by) > 0 && rule == refusal {
			all = append(all, by...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return refusal.Law.Refuse(refusal.Code, refusal.Format, id, strings.Join(all, ", "))
}
