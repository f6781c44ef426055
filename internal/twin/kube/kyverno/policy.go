// Package kyverno evaluates the policies of Kyverno 1.19 that the twin meets:
// MutatingPolicy by the API server's own library for CEL mutations, on which
// Kyverno's engine is built, and of the deprecated ClusterPolicy the
// strategic-merge patches that inject containers.
package kyverno

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	celgo "github.com/google/cel-go/cel"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"eks-lattice/internal/twin/kube/obj"
	kschema "eks-lattice/internal/twin/kube/schema"
)

// Engine compiles policies once.
type Engine struct{}

// NewEngine returns an engine. What it compiles is shared by the process.
func NewEngine() *Engine { return &Engine{} }

var compiled sync.Map // of *Policy by the hash of a spec

// Policy is a compiled MutatingPolicy.
type Policy struct {
	spec        obj.Map
	constraints obj.Map
	matcher     matchconditions.Matcher
	patchers    []patch.Patcher
	env         *plugincel.CompositionEnv
	err         error
}

// spec is what the compiler reads of a MutatingPolicy:
// https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/cel/policies/mpol/compiler/compiler.go
type spec struct {
	MatchConditions []admissionregistrationv1.MatchCondition `json:"matchConditions"`
	Variables       []admissionregistrationv1.Variable       `json:"variables"`
	Mutations       []struct {
		PatchType string                       `json:"patchType"`
		JSONPatch *struct{ Expression string } `json:"jsonPatch"`
		Apply     *struct{ Expression string } `json:"applyConfiguration"`
	} `json:"mutations"`
}

type variable admissionregistrationv1.Variable

func (v *variable) GetName() string       { return v.Name }
func (v *variable) GetExpression() string { return v.Expression }
func (v *variable) ReturnTypes() []*celgo.Type {
	return []*celgo.Type{celgo.AnyType, celgo.DynType}
}

// Compile compiles a policy's spec; an error is what Kyverno would put into the
// policy's status.
func (e *Engine) Compile(content obj.Map) (*Policy, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	if p, ok := compiled.Load(key); ok {
		return p.(*Policy), p.(*Policy).err
	}
	p := compile(text)
	p.spec, p.constraints = obj.Copy(content), obj.At(content, "matchConstraints")
	compiled.Store(key, p)
	return p, p.err
}

func compile(text []byte) *Policy {
	var s spec
	if err := json.Unmarshal(text, &s); err != nil {
		return &Policy{err: err}
	}
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return &Policy{err: err}
	}
	p := &Policy{env: compiler.CompositionEnv}
	options := plugincel.OptionalVariableDeclarations{}
	for i := range s.Variables {
		if r := compiler.CompileAndStoreVariable((*variable)(&s.Variables[i]), options, environment.StoredExpressions); r.Error != nil {
			return &Policy{err: fmt.Errorf("spec.variables[%d].expression: Invalid value: %q: %s", i, s.Variables[i].Expression, r.Error.Detail)}
		}
	}
	if len(s.MatchConditions) > 0 {
		accessors := make([]plugincel.ExpressionAccessor, len(s.MatchConditions))
		for i := range s.MatchConditions {
			accessors[i] = (*matchconditions.MatchCondition)(&s.MatchConditions[i])
		}
		conditions := compiler.CompileCondition(accessors, options, environment.StoredExpressions)
		for i, err := range conditions.CompilationErrors() {
			return &Policy{err: fmt.Errorf("spec.matchConditions[%d].expression: Invalid value: %q: %w", i, s.MatchConditions[i].Expression, err)}
		}
		fail := admissionregistrationv1.Fail
		p.matcher = matchconditions.NewMatcher(conditions, &fail, "policy", "mutate", "")
	}
	options.HasPatchTypes = true
	for i, m := range s.Mutations {
		var accessor plugincel.ExpressionAccessor
		switch {
		case m.PatchType == "JSONPatch" && m.JSONPatch != nil:
			accessor = &patch.JSONPatchCondition{Expression: m.JSONPatch.Expression}
		case m.PatchType == "ApplyConfiguration" && m.Apply != nil:
			accessor = &patch.ApplyConfigurationCondition{Expression: m.Apply.Expression}
		default:
			return &Policy{err: fmt.Errorf("spec.mutations[%d]: Invalid value: %q: has no expression of its type", i, m.PatchType)}
		}
		evaluator := compiler.CompileMutatingEvaluator(accessor, options, environment.StoredExpressions)
		for _, err := range evaluator.CompilationErrors() {
			return &Policy{err: fmt.Errorf("spec.mutations[%d].expression: Invalid value: %w", i, err)}
		}
		if m.PatchType == "JSONPatch" {
			p.patchers = append(p.patchers, patch.NewJSONPatcher(evaluator))
		} else {
			p.patchers = append(p.patchers, patch.NewApplyConfigurationPatcher(evaluator))
		}
	}
	return p
}

// Request is the admission request that a policy is asked about.
type Request struct {
	GVK       schema.GroupVersionKind
	Resource  string
	Operation string
	Namespace obj.Map // the namespace object
	Object    obj.Map
}

// Mutate returns the mutated object, or nil when the policy does not apply.
// The library panics on some values, such as a list of Object literals in a
// JSON patch; Kyverno's server then drops the connection, which is an error too.
func (p *Policy) Mutate(r Request) (mutated obj.Map, err error) {
	defer func() {
		if v := recover(); v != nil {
			mutated, err = nil, fmt.Errorf("the policy engine panicked: %v", v)
		}
	}()
	if !matches(p.constraints, r) {
		return p.Workload(r)
	}
	attributes, gvr, namespace, err := input(r)
	if err != nil {
		return nil, err
	}
	if holds, err := p.conditionsHold(r); err != nil || !holds {
		return nil, err
	}
	ctx := p.env.CreateContext(context.Background())
	for _, patcher := range p.patchers {
		next, err := patcher.Patch(ctx, patch.Request{
			MatchedResource: gvr, VersionedAttributes: attributes, Namespace: namespace,
			ObjectInterfaces: admission.NewObjectInterfacesFromScheme(runtime.NewScheme()), TypeConverter: converter{},
		}, cel.RuntimeCELCostBudget)
		if err != nil {
			return nil, err
		}
		attributes.VersionedObject = next
	}
	patched, ok := attributes.VersionedObject.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("the policy made a %T", attributes.VersionedObject)
	}
	return obj.Copy(patched.Object), nil
}

// conditionsHold evaluates the policy's match conditions.
func (p *Policy) conditionsHold(r Request) (bool, error) {
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
		Attributes: admission.NewAttributesRecord(object, nil, r.GVK, obj.Str(r.Object, "metadata", "namespace"), obj.Str(r.Object, "metadata", "name"),
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
