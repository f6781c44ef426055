package kyverno

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/schema"
)

// CheckClusterPolicy says what keeps a ClusterPolicy from becoming ready. The
// twin evaluates rules that mutate by a strategic merge patch, which is what
// injection policies of the deprecated kind do, and says so of all others.
func CheckClusterPolicy(policy obj.Map) error {
	for _, rule := range obj.Maps(policy, "spec", "rules") {
		if obj.At(rule, "mutate", "patchStrategicMerge") == nil {
			return fmt.Errorf("rule %q: the twin only evaluates mutate.patchStrategicMerge", obj.Str(rule, "name"))
		}
		if len(kindsOf(rule)) == 0 {
			return fmt.Errorf("spec.rules[%q].match: a kind is required", obj.Str(rule, "name"))
		}
	}
	return nil
}

// ClusterPolicyRules are the webhook rules of a ClusterPolicy.
func ClusterPolicyRules(policy obj.Map) []any {
	var out []any
	for _, rule := range obj.Maps(policy, "spec", "rules") {
		for _, kind := range kindsOf(rule) {
			for _, gv := range []string{"v1", "apps/v1"} {
				if b, ok := schema.LookupBuiltin(schema.ParseGVK(gv, kind)); ok {
					out = append(out, obj.Map{"apiGroups": []any{b.GVK.Group}, "apiVersions": []any{b.GVK.Version},
						"operations": []any{"CREATE", "UPDATE"}, "resources": []any{b.Resource}})
				}
			}
		}
	}
	return out
}

// resources are the filters of a rule's match block in any of its spellings.
func resources(rule obj.Map) []obj.Map {
	var out []obj.Map
	if r := obj.At(rule, "match", "resources"); r != nil {
		out = append(out, r)
	}
	for _, list := range []string{"any", "all"} {
		for _, e := range obj.Maps(rule, "match", list) {
			out = append(out, obj.At(e, "resources"))
		}
	}
	return out
}

func kindsOf(rule obj.Map) []string {
	var out []string
	for _, r := range resources(rule) {
		for _, k := range obj.Strings(r, "kinds") {
			out = append(out, k[strings.LastIndex(k, "/")+1:])
		}
	}
	return out
}

// MutateByClusterPolicy applies every rule that matches and reports whether one does.
func MutateByClusterPolicy(policy obj.Map, r cel.Request) (mutated obj.Map, applies bool) {
	object := obj.Copy(r.Object)
	for _, rule := range obj.Maps(policy, "spec", "rules") {
		if !matchesRule(rule, r) {
			continue
		}
		patch := obj.Copy(obj.At(rule, "mutate", "patchStrategicMerge"))
		if !anchorsHold(patch, object) {
			continue
		}
		object, applies = overlay(object, patch), true
	}
	return obj.Copy(object), applies
}

func matchesRule(rule obj.Map, r cel.Request) bool {
	for _, m := range resources(rule) {
		kind := slices.ContainsFunc(obj.Strings(m, "kinds"), func(k string) bool { return k[strings.LastIndex(k, "/")+1:] == r.GVK.Kind })
		namespaces := obj.Strings(m, "namespaces")
		if kind && (len(namespaces) == 0 || slices.Contains(namespaces, obj.Str(r.Object, "metadata", "namespace"))) &&
			obj.Selects(obj.At(m, "namespaceSelector"), obj.StringMap(r.Namespace, "metadata", "labels")) &&
			obj.Selects(obj.At(m, "selector"), obj.StringMap(r.Object, "metadata", "labels")) {
			return true
		}
	}
	return false
}

// anchorsHold evaluates the conditional anchors of a patch, "(key): value": the
// whole patch only applies where they hold.
// https://kyverno.io/docs/policy-types/cluster-policy/mutate/#conditional-anchor
func anchorsHold(patch, object obj.Map) bool {
	for k, v := range patch {
		if key, ok := strings.CutPrefix(k, "("); ok {
			if fmt.Sprint(object[strings.TrimSuffix(key, ")")]) != fmt.Sprint(v) {
				return false
			}
			continue
		}
		if m, ok := v.(obj.Map); ok {
			inner, _ := object[k].(obj.Map)
			if !anchorsHold(m, inner) {
				return false
			}
		}
	}
	return true
}

// overlay merges a patch: maps by key, lists of named elements by name, and new
// elements first, as kustomize's merge does that Kyverno uses.
func overlay(object, patch obj.Map) obj.Map {
	if object == nil {
		object = obj.Map{}
	}
	for _, k := range obj.Keys(patch) {
		v := patch[k]
		if strings.HasPrefix(k, "(") {
			continue
		}
		if key, ok := strings.CutPrefix(k, "+("); ok { // add if not present
			obj.Default(object, v, strings.TrimSuffix(key, ")"))
			continue
		}
		switch v := v.(type) {
		case obj.Map:
			inner, _ := object[k].(obj.Map)
			object[k] = overlay(inner, v)
		case []any:
			object[k] = overlayList(obj.List(object, k), v)
		default:
			object[k] = v
		}
	}
	return object
}

func overlayList(list, patch []any) []any {
	var added []any
	for _, e := range patch {
		m, ok := e.(obj.Map)
		name := obj.Str(m, "name")
		if !ok || name == "" {
			return patch // a list without names is replaced
		}
		i := slices.IndexFunc(list, func(have any) bool { h, _ := have.(obj.Map); return obj.Str(h, "name") == name })
		if i >= 0 {
			list[i] = overlay(list[i].(obj.Map), m)
		} else {
			added = append(added, overlay(obj.Map{}, m))
		}
	}
	return append(added, list...)
}
