package controller

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/law"
)

// Blame records why an object is not in the state that it should be in.
func (m *Manager) Blame(o *api.Object, l law.Law, format string, args ...any) {
	m.troubles[o.Key] = Trouble{l, fmt.Sprintf(format, args...)}
}

// Fail is Blame by the law that an error names, or else by otherwise.
func (m *Manager) Fail(o *api.Object, otherwise law.Law, err error) {
	if l := law.Of(err); l.ID != "" {
		otherwise = l
	}
	m.Blame(o, otherwise, "%s", Message(err))
}

// Clear forgets an object's trouble.
func (m *Manager) Clear(o *api.Object) { delete(m.troubles, o.Key) }

// Trouble returns an object's trouble, if it has one.
func (m *Manager) Trouble(k api.Key) (t Trouble, found bool) {
	t, found = m.troubles[k]
	return t, found
}

// Troubles returns a copy of all troubles.
func (m *Manager) Troubles() map[api.Key]Trouble { return maps.Clone(m.troubles) }

// Message returns an error's text without the id of the law that it broke.
func Message(err error) string {
	if r := (*law.RefusalError)(nil); errors.As(err, &r) {
		return strings.Replace(err.Error(), r.Error(), strings.TrimSuffix(r.Error(), fmt.Sprintf(" [law %s]", r.Law.ID)), 1)
	}
	return err.Error()
}
