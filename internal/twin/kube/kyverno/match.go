package kyverno

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"eks-lattice/internal/twin/kube/obj"
)

// matches evaluates matchConstraints as the API server does for its own
// policies: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/mutating-admission-policy-v1beta1/
func matches(constraints obj.Map, r Request) bool {
	if !Selects(obj.At(constraints, "namespaceSelector"), obj.StringMap(r.Namespace, "metadata", "labels")) ||
		!Selects(obj.At(constraints, "objectSelector"), obj.StringMap(r.Object, "metadata", "labels")) {
		return false
	}
	if anyRule(obj.Maps(constraints, "excludeResourceRules"), r) {
		return false
	}
	return anyRule(obj.Maps(constraints, "resourceRules"), r)
}

func anyRule(rules []obj.Map, r Request) bool {
	return slices.ContainsFunc(rules, func(rule obj.Map) bool { return Rule(rule, r) })
}

// Rule tells whether a rule of a policy or of a webhook names a request.
func Rule(rule obj.Map, r Request) bool {
	has := func(field, want string) bool {
		list := obj.Strings(rule, field)
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || s == "*/*" || strings.EqualFold(s, want) })
	}
	if names := obj.Strings(rule, "resourceNames"); len(names) > 0 && !slices.Contains(names, obj.Str(r.Object, "metadata", "name")) {
		return false
	}
	return has("apiGroups", r.GVK.Group) && has("apiVersions", r.GVK.Version) && has("operations", r.Operation) && has("resources", r.Resource)
}

// Selects evaluates a label selector; none selects everything.
func Selects(selector obj.Map, set map[string]string) bool {
	if selector == nil {
		return true
	}
	ls := &metav1.LabelSelector{MatchLabels: obj.StringMap(selector, "matchLabels")}
	for _, e := range obj.Maps(selector, "matchExpressions") {
		ls.MatchExpressions = append(ls.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: obj.Str(e, "key"), Operator: metav1.LabelSelectorOperator(obj.Str(e, "operator")), Values: obj.Strings(e, "values"),
		})
	}
	s, err := metav1.LabelSelectorAsSelector(ls)
	return err == nil && s.Matches(labels.Set(set))
}
