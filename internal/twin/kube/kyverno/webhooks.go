package kyverno

import (
	"encoding/json"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/obj"
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
func (c *Controller) policyHook(r *helm.Release, p *api.Object, hook func(string, string, ...any) obj.Map) obj.Map {
	failure, kind := "Fail", "fail"
	if obj.Str(p.Content, "spec", "failurePolicy") == "Ignore" {
		failure, kind = "Ignore", "ignore"
	}
	var h obj.Map
	if p.Kind == "ClusterPolicy" {
		h = hook("mutate.kyverno.svc-"+kind, clusterPolicyPath, ClusterPolicyRules(p.Content)...)
	} else {
		name := "mpol.validate.kyverno.svc-" + kind
		conditions := WebhookConditions(obj.At(p.Content, "spec"))
		if len(conditions) > 0 {
			name += "-finegrained-" + p.Name
		}
		h = hook(name, mutatingPolicyPath+p.Name, WebhookRules(obj.At(p.Content, "spec"))...)
		delete(h, "timeoutSeconds")
		h["matchConditions"] = conditions
	}
	h["failurePolicy"] = failure
	selector := obj.Copy(obj.At(p.Content, "spec", "matchConstraints", "namespaceSelector"))
	if selector == nil {
		selector = obj.Map{}
	}
	expressions := append(obj.List(selector, "matchExpressions"), obj.List(c.config(r), "namespaceSelector", "matchExpressions")...)
	expressions = append(expressions, obj.Map{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []any{r.Namespace}})
	selector["matchExpressions"] = expressions
	for k, v := range obj.At(c.config(r), "namespaceSelector", "matchLabels") {
		obj.Set(selector, v, "matchLabels", k)
	}
	h["namespaceSelector"] = selector
	if o := obj.At(p.Content, "spec", "matchConstraints", "objectSelector"); o != nil {
		h["objectSelector"] = o
	}
	return h
}

// config is config.webhooks of the chart, as its ConfigMap holds it.
func (c *Controller) config(r *helm.Release) obj.Map {
	for _, key := range r.Objects {
		if o := c.mgr.API.Lookup(key); o != nil && key.Kind == "ConfigMap" {
			var m obj.Map
			if json.Unmarshal([]byte(obj.Str(o.Content, "data", "webhooks")), &m) == nil {
				return m
			}
		}
	}
	return nil
}
