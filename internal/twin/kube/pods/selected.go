package pods

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// Selected returns the pods that a Service selects, ready or not. A Service without
// a selector selects none.
func Selected(s *api.Server, service *api.Object) []*api.Object {
	selector := obj.StringMap(service.Content, "spec", "selector")
	if len(selector) == 0 {
		return nil
	}
	return slices.DeleteFunc(s.List("", "Pod", service.Namespace), func(p *api.Object) bool {
		return p.Terminating() || !labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels()))
	})
}
