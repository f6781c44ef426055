// Package kyverno evaluates the policies of Kyverno 1.19 that the twin meets: a
// MutatingPolicy by CEL, and of the deprecated ClusterPolicy the strategic merge
// patches that inject containers.
package kyverno

import (
	"slices"

	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/obj"
)

// Policy is a compiled MutatingPolicy.
type Policy struct {
	spec    obj.Map
	program *cel.Program
}

// Compile compiles a policy's spec; an error is what Kyverno would put into the
// policy's status.
func Compile(spec obj.Map) (*Policy, error) {
	program, err := cel.Compile(spec)
	return &Policy{spec: spec, program: program}, err
}

// Mutate returns the mutated object and whether the policy applies to it.
func (p *Policy) Mutate(r cel.Request) (mutated obj.Map, applies bool, err error) {
	if !matches(obj.At(p.spec, "matchConstraints"), r) {
		return p.mutateTemplate(r)
	}
	return p.program.Mutate(r)
}

// matches evaluates matchConstraints as the API server does for its own policies:
// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/mutating-admission-policy-v1beta1/
func matches(constraints obj.Map, r cel.Request) bool {
	return obj.Selects(obj.At(constraints, "namespaceSelector"), obj.StringMap(r.Namespace, "metadata", "labels")) &&
		obj.Selects(obj.At(constraints, "objectSelector"), obj.StringMap(r.Object, "metadata", "labels")) &&
		!slices.ContainsFunc(obj.Maps(constraints, "excludeResourceRules"), r.Named) &&
		slices.ContainsFunc(obj.Maps(constraints, "resourceRules"), r.Named)
}
