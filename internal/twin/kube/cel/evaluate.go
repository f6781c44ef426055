package cel

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"eks-lattice/internal/twin/kube/obj"
	kschema "eks-lattice/internal/twin/kube/schema"
)

// Request is an admission request as expressions see it.
type Request struct {
	GVK       schema.GroupVersionKind
	Resource  string
	Operation string
	Namespace obj.Map // the namespace object
	Object    obj.Map
}

// Mutate returns the mutated object and whether the match conditions hold. The
// library panics on some values, such as a list of Object literals in a JSON
// patch. Kyverno's server then drops the connection, which is an error too.
func (p *Program) Mutate(r Request) (mutated obj.Map, applies bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			mutated, applies, err = nil, false, fmt.Errorf("the policy engine panicked: %v", v)
		}
	}()
	attributes, gvr, namespace, err := input(r)
	if err != nil {
		return nil, false, err
	}
	if holds, err := p.Holds(r); err != nil || !holds {
		return nil, false, err
	}
	ctx := p.env.CreateContext(context.Background())
	for _, patcher := range p.patchers {
		next, err := patcher.Patch(ctx, patch.Request{
			MatchedResource: gvr, VersionedAttributes: attributes, Namespace: namespace,
			ObjectInterfaces: admission.NewObjectInterfacesFromScheme(runtime.NewScheme()), TypeConverter: converter{},
		}, cel.RuntimeCELCostBudget)
		if err != nil {
			return nil, false, err
		}
		attributes.VersionedObject = next
	}
	patched, ok := attributes.VersionedObject.(*unstructured.Unstructured)
	if !ok {
		return nil, false, fmt.Errorf("the policy made a %T", attributes.VersionedObject)
	}
	return obj.Copy(patched.Object), true, nil
}

// Holds evaluates the match conditions; without any they hold.
func (p *Program) Holds(r Request) (bool, error) {
	if p.matcher == nil {
		return true, nil
	}
	attributes, _, _, err := input(r)
	if err != nil {
		return false, err
	}
	result := p.matcher.Match(p.env.CreateContext(context.Background()), attributes, nil, nil)
	return result.Matches, result.Error
}

// input is a request as the API server's library takes it.
func input(r Request) (*admission.VersionedAttributes, schema.GroupVersionResource, *corev1.Namespace, error) {
	object := &unstructured.Unstructured{Object: obj.Copy(r.Object)}
	gvr := r.GVK.GroupVersion().WithResource(r.Resource)
	attributes := &admission.VersionedAttributes{
		Attributes: admission.NewAttributesRecord(object, nil, r.GVK, obj.Str(r.Object, "metadata", "namespace"),
			obj.Str(r.Object, "metadata", "name"),
			gvr, "", admission.Operation(r.Operation), nil, false, nil),
		VersionedObject: object, VersionedKind: r.GVK,
	}
	namespace := &corev1.Namespace{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(r.Namespace, namespace); err != nil {
		return nil, gvr, nil, fmt.Errorf("reading the namespace: %w", err)
	}
	return attributes, gvr, namespace, nil
}

// converter reads objects by the schemas of the built-in kinds, as the type
// converter of the API server does by its OpenAPI.
type converter struct{}

var _ managedfields.TypeConverter = converter{}

func (converter) ObjectToTyped(o runtime.Object, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("unexpected %T", o)
	}
	if b, ok := kschema.LookupBuiltin(u.GroupVersionKind()); ok {
		return b.Type().FromUnstructured(u.Object, options...)
	}
	return typed.DeducedParseableType.FromUnstructured(u.Object, options...)
}

func (converter) TypedToObject(v *typed.TypedValue) (runtime.Object, error) {
	content, ok := v.AsValue().Unstructured().(obj.Map)
	if !ok {
		return nil, fmt.Errorf("the merged value is no object")
	}
	return &unstructured.Unstructured{Object: content}, nil
}
