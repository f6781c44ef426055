package kyverno

import (
	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/obj"
)

func (c *Controller) compilePolicy(p *api.Object) error {
	if p.Kind == "ClusterPolicy" {
		return CheckClusterPolicy(p.Content)
	}
	_, err := Compile(obj.At(p.Content, "spec"))
	return err
}

// mutate evaluates the policies behind one webhook.
func (c *Controller) mutate(r *api.Request, q cel.Request, hook obj.Map) error {
	for _, p := range c.policies() {
		path := clusterPolicyPath
		if p.Kind == "MutatingPolicy" {
			path = mutatingPolicyPath + p.Name
		}
		if p.Terminating() || obj.Str(hook, "clientConfig", "service", "path") != path {
			continue
		}
		q.Object = r.Object
		patched, applies, err := c.evaluate(c.inForce(p), q)
		if err != nil {
			if obj.Str(p.Content, "spec", "failurePolicy") == "Ignore" {
				continue
			}
			return admission.Denied(LawEvaluation, obj.Str(hook, "name"),
				"Resource: %s, Kind: %s, Errors: [Policy %s: failed to evaluate policy: %v]",
				r.Key.Path(), r.Key.Kind, p.Name, err)
		}
		if applies {
			r.Object = patched
			r.Dependencies = append(r.Dependencies, c.dependencies(p)...)
		}
	}
	return nil
}

// dependencies are those of an object that a policy mutates.
func (c *Controller) dependencies(p *api.Object) []api.Dependency {
	list := []api.Dependency{{URN: p.URN, Law: LawInjectAtCreation, Immediate: true}}
	if !c.webhook(p).awaited {
		list = append(list, api.Dependency{URN: p.URN, Law: LawPolicyReady, Immediate: true, After: WebhookDelay})
	}
	if c.stale(p) {
		list = append(list, api.Dependency{URN: p.URN, Law: LawPolicyChanges, Immediate: true, After: CompileDelay})
	}
	for _, d := range p.Dependencies {
		d.Immediate = true
		list = append(list, d)
	}
	return list
}

func (c *Controller) evaluate(p *api.Object, q cel.Request) (mutated obj.Map, applies bool, err error) {
	if p.Kind == "ClusterPolicy" {
		mutated, applies = MutateByClusterPolicy(p.Content, q)
		return mutated, applies, nil
	}
	policy, err := Compile(obj.At(p.Content, "spec"))
	if err != nil {
		return nil, false, err
	}
	return policy.Mutate(q)
}

// validatePolicy is Kyverno's webhook for policies themselves.
func (c *Controller) validatePolicy(r *api.Request, _ cel.Request, hook obj.Map) error {
	if r.Object == nil {
		return nil
	}
	err := c.compilePolicy(&api.Object{Key: r.Key, Content: r.Object})
	if err == nil {
		return nil
	}
	return admission.Denied(LawPolicyCompiles, obj.Str(hook, "name"), "%v", err)
}
