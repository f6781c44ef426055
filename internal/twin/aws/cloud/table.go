package cloud

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/law"
)

// Missing is how AWS says that something does not exist.
type Missing struct {
	Law    law.Law
	Code   string
	Format string // with one %s: the id
	Global bool   // records exist in every Region
}

func (m Missing) refuse(id string) error { return m.Law.Refuse(m.Code, m.Format, id) }

// over replaces what a reference says in its own words.
func (m Missing) over(own Missing) Missing {
	if own.Law.ID != "" {
		m.Law = own.Law
	}
	if own.Format != "" {
		m.Code, m.Format = own.Code, own.Format
	}
	return m
}

// InUse is how AWS refuses to delete a record that another one uses.
type InUse struct {
	Law    law.Law
	Code   string
	Format string // with %[1]s for the id and %[2]s for what uses it
}

// Table declares one kind of record. Declare it as a variable of a package; the
// records themselves are an account's.
type Table[T Record] struct {
	what    string // in a list of leftovers: "ec2 subnet"
	missing Missing
	rows    *State[map[string]T]
	users   []func(a *Account, id string) (InUse, []string)
}

// NewTable declares a table. missing are the words for a record that a request
// names and that does not exist; a table that nothing refers to needs none.
func NewTable[T Record](what string, missing Missing) *Table[T] {
	t := &Table[T]{what: what, missing: missing, rows: NewState(func() map[string]T { return map[string]T{} })}
	Leftover(func(a *Account) (lines []string) {
		for _, r := range t.All(a) {
			if line := leftoverLine(t.what, r.Info()); !r.Info().NoLeftover {
				lines = append(lines, line)
			}
		}
		return lines
	})
	return t
}

// Get returns a record, nil when there is none.
func (t *Table[T]) Get(a *Account, id string) T { return t.rows.In(a)[id] }

// Find returns a record of the Region that a request is for.
func (t *Table[T]) Find(r *Request, id string) (T, error) {
	found := t.Get(r.Account, id)
	var none T
	if found == none || !t.missing.Global && found.Info().Region != r.Region {
		return none, t.missing.refuse(id)
	}
	return found, nil
}

// ByARN returns a record, nil when there is none.
func (t *Table[T]) ByARN(a *Account, arn string) T {
	var none T
	for _, r := range t.All(a) {
		if r.Info().ARN == arn {
			return r
		}
	}
	return none
}

// All returns the records by id.
func (t *Table[T]) All(a *Account) []T { return Sorted(t.rows.In(a)) }

// Where returns the records that match, by id.
func (t *Table[T]) Where(a *Account, match func(T) bool) []T {
	var out []T
	for _, r := range t.All(a) {
		if match(r) {
			out = append(out, r)
		}
	}
	return out
}

// Put adds a record, or replaces the one of its id.
func (t *Table[T]) Put(a *Account, record T) { t.rows.In(a)[record.Info().ID] = record }

// Delete deletes a record.
func (t *Table[T]) Delete(a *Account, id string) { delete(t.rows.In(a), id) }

// NotFound says that a record does not exist, in AWS's words.
func (t *Table[T]) NotFound(id string) error { return t.missing.refuse(id) }

// exists is what references need of a table.
func (t *Table[T]) exists(r *Request, id string, own Missing) error {
	if _, err := t.Find(r, id); err != nil {
		return t.missing.over(own).refuse(id)
	}
	return nil
}

// Sorted returns the values of m by key, so that no answer depends on the order
// of a map.
func Sorted[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
