package cloud

import (
	"slices"
	"strings"
)

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
