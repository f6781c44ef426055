package cel

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/obj"
)

// Named reports whether a rule of a policy or of a webhook names the request.
func (r Request) Named(rule obj.Map) bool {
	has := func(field, want string) bool {
		list := obj.Strings(rule, field)
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || s == "*/*" || strings.EqualFold(s, want) })
	}
	if names := obj.Strings(rule, "resourceNames"); len(names) > 0 && !slices.Contains(names, obj.Str(r.Object, "metadata", "name")) {
		return false
	}
	return has("apiGroups", r.GVK.Group) && has("apiVersions", r.GVK.Version) && has("operations", r.Operation) && has("resources", r.Resource)
}

// Conditions evaluates the match conditions of a webhook. One that fails lets
// the request through to the webhook.
func Conditions(conditions []any, r Request) bool {
	if len(conditions) == 0 {
		return true
	}
	p, err := Compile(obj.Map{"matchConditions": conditions})
	if err != nil {
		return true
	}
	holds, err := p.Holds(r)
	return holds || err != nil
}
