package kube

import (
	"encoding/json"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cel"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

const (
	clusterPolicyPath  = "/mutate/fail"
	mutatingPolicyPath = "/mpol/"
)

// policyHook is the webhook of one policy: its rules, in the namespaces that
// both the policy and the chart's configuration select. The conditions of a
// MutatingPolicy are the webhook's own: with Kyverno down only the pods that
// they name are refused.
// https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/controllers/webhook/validating.go
func (c *Cluster) policyHook(r *release, p *api.Object, hook func(string, string, ...any) obj.Map) obj.Map {
	failure, kind := "Fail", "fail"
	if obj.Str(p.Content, "spec", "failurePolicy") == "Ignore" {
		failure, kind = "Ignore", "ignore"
	}
	var h obj.Map
	if p.Kind == "ClusterPolicy" {
		h = hook("mutate.kyverno.svc-"+kind, clusterPolicyPath, kyverno.ClusterPolicyRules(p.Content)...)
	} else {
		name := "mpol.validate.kyverno.svc-" + kind
		conditions := kyverno.WebhookConditions(obj.At(p.Content, "spec"))
		if len(conditions) > 0 {
			name += "-finegrained-" + p.Name
		}
		h = hook(name, mutatingPolicyPath+p.Name, kyverno.WebhookRules(obj.At(p.Content, "spec"))...)
		delete(h, "timeoutSeconds")
		h["matchConditions"] = conditions
	}
	h["failurePolicy"] = failure
	selector := obj.Copy(obj.At(p.Content, "spec", "matchConstraints", "namespaceSelector"))
	if selector == nil {
		selector = obj.Map{}
	}
	expressions := append(obj.List(selector, "matchExpressions"), obj.List(c.kyvernoConfig(r), "namespaceSelector", "matchExpressions")...)
	expressions = append(expressions, obj.Map{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []any{r.ns}})
	selector["matchExpressions"] = expressions
	for k, v := range obj.At(c.kyvernoConfig(r), "namespaceSelector", "matchLabels") {
		obj.Set(selector, v, "matchLabels", k)
	}
	h["namespaceSelector"] = selector
	if o := obj.At(p.Content, "spec", "matchConstraints", "objectSelector"); o != nil {
		h["objectSelector"] = o
	}
	return h
}

// kyvernoConfig is config.webhooks of the chart, as its ConfigMap holds it.
func (c *Cluster) kyvernoConfig(r *release) obj.Map {
	for _, key := range r.objects {
		if o := c.API.Lookup(key); o != nil && key.Kind == "ConfigMap" {
			var m obj.Map
			if json.Unmarshal([]byte(obj.Str(o.Content, "data", "webhooks")), &m) == nil {
				return m
			}
		}
	}
	return nil
}

// mutateByKyverno evaluates the policies behind one webhook.
func (c *Cluster) mutateByKyverno(r *api.Request, q cel.Request, hook obj.Map) error {
	for _, p := range c.kyvernoPolicies() {
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
			return denied(lawEvaluation, obj.Str(hook, "name"), "Resource: %s, Kind: %s, Errors: [Policy %s: failed to evaluate policy: %v]",
				strings.TrimPrefix(r.Key.Namespace+"/"+r.Key.Name, "/"), r.Key.Kind, p.Name, err)
		}
		if applies {
			r.Object = patched
			r.Dependencies = append(r.Dependencies, api.Dependency{URN: p.URN, Law: lawInjectAtCreation, Immediate: true})
			if !c.webhook(p).awaited {
				r.Dependencies = append(r.Dependencies, api.Dependency{URN: p.URN, Law: lawPolicyReady, Immediate: true, After: webhookDelay})
			}
			for _, n := range p.Dependencies {
				n.Immediate = true
				r.Dependencies = append(r.Dependencies, n)
			}
		}
	}
	return nil
}

func (c *Cluster) evaluate(p *api.Object, q cel.Request) (mutated obj.Map, applies bool, err error) {
	if p.Kind == "ClusterPolicy" {
		mutated, applies = kyverno.MutateByClusterPolicy(p.Content, q)
		return mutated, applies, nil
	}
	policy, err := kyverno.Compile(obj.At(p.Content, "spec"))
	if err != nil {
		return nil, false, err
	}
	return policy.Mutate(q)
}

// validatePolicy is Kyverno's webhook for policies themselves.
func (c *Cluster) validatePolicy(r *api.Request, hook obj.Map) error {
	if r.Object == nil {
		return nil
	}
	err := c.compilePolicy(&api.Object{Key: r.Key, Content: r.Object})
	if err == nil {
		return nil
	}
	return denied(lawPolicyCompiles, obj.Str(hook, "name"), "%v", err)
}

// preDelete runs the pre-delete hooks of Kyverno's chart: Jobs that scale the
// controllers down and remove the webhook configurations. Jobs are pods: they
// need a node, and the way to their image.
func (c *Cluster) preDelete(op *world.Op, r *release) error {
	if r.chart.Name != charts.Kyverno || !obj.Bool(r.values, "webhooksCleanup", "enabled") {
		return nil
	}
	needed, err := c.Account.EgressFromNodes(c.EKS.Name)
	groups := c.Account.NodeGroups(c.EKS.Name)
	if len(c.Nodes()) == 0 || err != nil {
		return lawKyvernoHooks.Refuse("", "1 error occurred:\n\t* job %s-scale-to-zero failed: DeadlineExceeded: pre-delete hooks failed: timed out waiting for the condition: the hook's pod does not start without nodes and their network", r.name)
	}
	for _, g := range groups {
		op.DependsOn(g.URN, lawKyvernoHooks)
	}
	for _, urn := range needed {
		op.DependsOn(urn, lawKyvernoHooks)
	}
	for _, key := range r.objects {
		if d := c.API.Lookup(key); d != nil && key.Kind == "Deployment" {
			_ = c.API.Write(d, helm, func(content obj.Map) { obj.Set(content, int64(0), "spec", "replicas") })
		}
	}
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		for _, config := range slices.Clone(c.API.List(admissionGroup, kind, "")) {
			if config.Labels()["webhook.kyverno.io/managed-by"] == "kyverno" {
				if err := c.API.Delete(op, config.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
