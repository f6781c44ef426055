// Package cel compiles and evaluates the CEL expressions of admission: match
// conditions and mutations. It uses the API server's own library, on which
// Kyverno's engine is built too.
package cel

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	celgo "github.com/google/cel-go/cel"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"

	"eks-lattice/internal/twin/kube/obj"
)

var compiled sync.Map // of *Program by the hash of a spec

// Program is the compiled expressions of a policy or a webhook.
type Program struct {
	matcher  matchconditions.Matcher
	patchers []patch.Patcher
	env      *plugincel.CompositionEnv
	err      error
}

// spec is what the compiler reads of a MutatingPolicy:
// https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/cel/policies/mpol/compiler/compiler.go
type spec struct {
	MatchConditions []admissionregistrationv1.MatchCondition `json:"matchConditions"`
	Variables       []admissionregistrationv1.Variable       `json:"variables"`
	Mutations       []mutation                               `json:"mutations"`
}

type mutation struct {
	PatchType string                       `json:"patchType"`
	JSONPatch *struct{ Expression string } `json:"jsonPatch"`
	Apply     *struct{ Expression string } `json:"applyConfiguration"`
}

type variable admissionregistrationv1.Variable

func (v *variable) GetName() string       { return v.Name }
func (v *variable) GetExpression() string { return v.Expression }
func (v *variable) ReturnTypes() []*celgo.Type {
	return []*celgo.Type{celgo.AnyType, celgo.DynType}
}

// Compile compiles the matchConditions, variables and mutations of a spec, once
// for the whole process. An error names the expression that does not compile.
func Compile(content obj.Map) (*Program, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	if p, ok := compiled.Load(key); ok {
		return p.(*Program), p.(*Program).err
	}
	p := &Program{}
	p.err = p.compile(text)
	compiled.Store(key, p)
	return p, p.err
}

func (p *Program) compile(text []byte) error {
	var s spec
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return err
	}
	p.env = compiler.CompositionEnv
	options := plugincel.OptionalVariableDeclarations{}
	for i := range s.Variables {
		if r := compiler.CompileAndStoreVariable((*variable)(&s.Variables[i]), options, environment.StoredExpressions); r.Error != nil {
			return fmt.Errorf("spec.variables[%d].expression: Invalid value: %q: %s", i, s.Variables[i].Expression, r.Error.Detail)
		}
	}
	if err := p.compileConditions(compiler, s.MatchConditions); err != nil {
		return err
	}
	for i, m := range s.Mutations {
		if err := p.compileMutation(compiler, i, m); err != nil {
			return err
		}
	}
	return nil
}

func (p *Program) compileConditions(compiler *plugincel.CompositedCompiler, list []admissionregistrationv1.MatchCondition) error {
	if len(list) == 0 {
		return nil
	}
	accessors := make([]plugincel.ExpressionAccessor, len(list))
	for i := range list {
		accessors[i] = (*matchconditions.MatchCondition)(&list[i])
	}
	conditions := compiler.CompileCondition(accessors, plugincel.OptionalVariableDeclarations{}, environment.StoredExpressions)
	for i, err := range conditions.CompilationErrors() {
		return fmt.Errorf("spec.matchConditions[%d].expression: Invalid value: %q: %w", i, list[i].Expression, err)
	}
	fail := admissionregistrationv1.Fail
	p.matcher = matchconditions.NewMatcher(conditions, &fail, "policy", "mutate", "")
	return nil
}

func (p *Program) compileMutation(compiler *plugincel.CompositedCompiler, i int, m mutation) error {
	var accessor plugincel.ExpressionAccessor
	switch {
	case m.PatchType == "JSONPatch" && m.JSONPatch != nil:
		accessor = &patch.JSONPatchCondition{Expression: m.JSONPatch.Expression}
	case m.PatchType == "ApplyConfiguration" && m.Apply != nil:
		accessor = &patch.ApplyConfigurationCondition{Expression: m.Apply.Expression}
	default:
		return fmt.Errorf("spec.mutations[%d]: Invalid value: %q: has no expression of its type", i, m.PatchType)
	}
	options := plugincel.OptionalVariableDeclarations{HasPatchTypes: true}
	evaluator := compiler.CompileMutatingEvaluator(accessor, options, environment.StoredExpressions)
	for _, err := range evaluator.CompilationErrors() {
		return fmt.Errorf("spec.mutations[%d].expression: Invalid value: %w", i, err)
	}
	if m.PatchType == "JSONPatch" {
		p.patchers = append(p.patchers, patch.NewJSONPatcher(evaluator))
	} else {
		p.patchers = append(p.patchers, patch.NewApplyConfigurationPatcher(evaluator))
	}
	return nil
}
