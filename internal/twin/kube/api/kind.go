package api

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"eks-lattice/internal/twin/kube/obj"
	kschema "eks-lattice/internal/twin/kube/schema"
)

// kind is what the server knows of a kind.
type kind struct {
	gvk        schema.GroupVersionKind
	resource   schema.GroupResource
	namespaced bool
	builtin    *kschema.Builtin
	custom     *kschema.Custom
}

func typedOf(k kind, content obj.Map) (*typed.TypedValue, error) {
	if k.builtin != nil {
		return k.builtin.Type().FromUnstructured(content)
	}
	types, err := k.custom.Types()
	if err != nil {
		return nil, err
	}
	return types.ObjectToTyped(&unstructured.Unstructured{Object: content})
}
