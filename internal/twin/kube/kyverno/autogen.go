package kyverno

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/obj"
)

// controllers are the kinds whose pod templates a policy for pods also holds
// for, unless spec.autogen says otherwise.
// https://kyverno.io/docs/policy-types/cluster-policy/autogen/
var controllers = []struct{ group, resource string }{
	{"apps", "daemonsets"}, {"apps", "deployments"}, {"apps", "replicasets"}, {"apps", "statefulsets"}, {"batch", "cronjobs"},
	{"batch", "jobs"},
}

// podsOnly reports whether a policy matches pods and nothing else.
func podsOnly(spec obj.Map) bool {
	rules := obj.Maps(spec, "matchConstraints", "resourceRules")
	return len(rules) == 1 && slices.Equal(obj.Strings(rules[0], "resources"), []string{"pods"})
}

// expanded reports whether a policy holds for a kind of workloads too.
func expanded(spec obj.Map, resource string) bool {
	if !podsOnly(spec) {
		return false
	}
	list, given := obj.Get(spec, "autogen", "podControllers", "controllers").([]any)
	return !given || slices.Contains(list, any(resource))
}

// WebhookRules are the rules of a MutatingPolicy's webhook.
func WebhookRules(spec obj.Map) []any {
	rules := slices.Clone(obj.List(spec, "matchConstraints", "resourceRules"))
	for _, c := range controllers {
		if expanded(spec, c.resource) {
			rules = append(rules, obj.Map{"apiGroups": []any{c.group}, "apiVersions": []any{"v1"}, "resources": []any{c.resource},
				"operations": obj.List(obj.Maps(spec, "matchConstraints", "resourceRules")[0], "operations")})
		}
	}
	return rules
}

// WebhookConditions are the conditions of a MutatingPolicy as its webhook has
// them: for pods, wrapped so that they do not speak of other kinds.
func WebhookConditions(spec obj.Map) []any {
	var out []any
	for _, c := range obj.Maps(spec, "matchConditions") {
		name, expression := obj.Str(c, "name"), obj.Str(c, "expression")
		if podsOnly(spec) {
			name = "autogen-" + name
			expression = fmt.Sprintf("!((object.apiVersion == 'v1' && object.kind =='Pod')) || (%s)", expression)
		}
		out = append(out, obj.Map{"name": name, "expression": expression})
	}
	return out
}

// mutateTemplate mutates the pod template of a workload that a policy for pods
// is expanded to.
func (p *Policy) mutateTemplate(r cel.Request) (mutated obj.Map, applies bool, err error) {
	if !expanded(p.spec, r.Resource) || obj.At(r.Object, "spec", "template") == nil {
		return nil, false, nil
	}
	template := obj.Copy(obj.At(r.Object, "spec", "template"))
	template["apiVersion"], template["kind"] = "v1", "Pod"
	pod := r
	pod.GVK.Group, pod.GVK.Version, pod.GVK.Kind, pod.Resource = "", "v1", "Pod", "pods"
	obj.Default(template, obj.Str(r.Object, "metadata", "namespace"), "metadata", "namespace")
	pod.Object = template
	changed, applies, err := p.Mutate(pod)
	if err != nil || !applies {
		return nil, false, err
	}
	out := obj.Copy(r.Object)
	obj.Delete(changed, "metadata", "namespace")
	obj.Set(out, obj.Map{"metadata": changed["metadata"], "spec": changed["spec"]}, "spec", "template")
	return out, true, nil
}
