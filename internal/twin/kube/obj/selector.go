package obj

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Selects evaluates a label selector; nil selects everything.
func Selects(selector Map, set map[string]string) bool {
	if selector == nil {
		return true
	}
	ls := &metav1.LabelSelector{MatchLabels: StringMap(selector, "matchLabels")}
	for _, e := range Maps(selector, "matchExpressions") {
		ls.MatchExpressions = append(ls.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: Str(e, "key"), Operator: metav1.LabelSelectorOperator(Str(e, "operator")), Values: Strings(e, "values"),
		})
	}
	s, err := metav1.LabelSelectorAsSelector(ls)
	return err == nil && s.Matches(labels.Set(set))
}
