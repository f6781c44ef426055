package kube

import (
	"encoding/json"
	"fmt"
	"slices"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawPolicyReady = law.New(law.Injection, "policy-is-ready-by-its-webhook",
		"A policy works once Kyverno has compiled it and registered its webhook; its status says when.",
		"https://kyverno.io/docs/policy-types/mutating-policy/")
	lawInjectAtCreation = law.New(law.Injection, "pods-are-mutated-at-creation",
		"Only pods that are created after the policy is ready, in the namespaces that it selects and with what its conditions ask for, are mutated.",
		"https://kyverno.io/docs/policy-types/cluster-policy/mutate/")
	lawKyvernoHooks = law.New(law.Injection, "kyverno-cleans-up-by-hooks",
		"Kyverno's webhook configurations are removed by the chart's pre-delete hooks, which are pods themselves; without them they stay.",
		"https://kyverno.io/docs/installation/uninstallation/")
)

// Kyverno's webhook configurations:
// https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/config/config.go
const (
	kyvernoResourceMutating = "kyverno-resource-mutating-webhook-cfg"
	kyvernoPolicyMutating   = "kyverno-policy-mutating-webhook-cfg"
	kyvernoPolicyValidating = "kyverno-policy-validating-webhook-cfg"
	mutatingPolicyGroup     = "policies.kyverno.io"
	clusterPolicyGroup      = "kyverno.io"
	kyvernoManager          = "kyverno"
)

// kyvernoRelease finds the running admission controller.
func (c *Cluster) kyvernoRelease() (*release, *api.Object) {
	for _, id := range sortedKeys(c.releases) {
		r := c.releases[id]
		if r.chart.Name != charts.Kyverno {
			continue
		}
		for _, key := range r.objects {
			if d := c.API.Lookup(key); d != nil && key.Kind == "Deployment" && obj.Str(d.Content, "metadata", "labels", "app.kubernetes.io/component") == "admission-controller" {
				for _, pod := range c.readyPods(d) {
					return r, pod
				}
			}
		}
	}
	return nil, nil
}

func (c *Cluster) kyvernoPolicies() []*api.Object {
	return append(c.API.List(mutatingPolicyGroup, "MutatingPolicy", ""), c.API.List(clusterPolicyGroup, "ClusterPolicy", "")...)
}

// runKyverno is Kyverno's webhook controller and its policy controllers.
func (c *Cluster) runKyverno(op *world.Op) {
	r, pod := c.kyvernoRelease()
	if pod == nil {
		return
	}
	acting := acting(op, pod)
	fail := func(name, path string, rules ...any) obj.Map {
		return obj.Map{
			"name": name, "admissionReviewVersions": []any{"v1"}, "sideEffects": "NoneOnDryRun", "failurePolicy": "Fail", "timeoutSeconds": int64(10),
			"clientConfig": obj.Map{"service": obj.Map{"namespace": r.ns, "name": kyvernoService(r), "path": path, "port": int64(443)}},
			"rules":        rules,
		}
	}
	policies := obj.Map{"apiGroups": []any{clusterPolicyGroup, mutatingPolicyGroup}, "apiVersions": []any{"*"}, "operations": []any{"CREATE", "UPDATE"},
		"resources": []any{"clusterpolicies", "policies", "mutatingpolicies"}}
	c.webhookConfig(acting, "MutatingWebhookConfiguration", kyvernoPolicyMutating, []any{fail("mutate-policy.kyverno.svc", "/policymutate", policies)})
	c.webhookConfig(acting, "ValidatingWebhookConfiguration", kyvernoPolicyValidating, []any{fail("validate-policy.kyverno.svc", "/policyvalidate", policies)})
	var hooks []any
	for _, p := range c.kyvernoPolicies() {
		if p.Terminating() {
			continue
		}
		p.ReliesAs(pod, lawPolicyReady, false)
		err := c.compilePolicy(p)
		if err == nil {
			hooks = append(hooks, c.policyHook(r, p, fail))
		}
		c.policyStatus(p, err)
	}
	c.webhookConfig(acting, "MutatingWebhookConfiguration", kyvernoResourceMutating, hooks)
}

func kyvernoService(r *release) string {
	for _, key := range r.objects {
		if key.Kind == "Service" {
			return key.Name
		}
	}
	return ""
}

func (c *Cluster) webhookConfig(op *world.Op, kind, name string, hooks []any) {
	content := obj.Map{"apiVersion": admissionGroup + "/v1", "kind": kind, "metadata": obj.Map{"name": name,
		"labels": obj.Map{"webhook.kyverno.io/managed-by": "kyverno"}}, "webhooks": hooks}
	_, _ = c.API.Apply(op, content, kyvernoManager, true)
}

func (c *Cluster) compilePolicy(p *api.Object) error {
	if p.Kind == "ClusterPolicy" {
		return kyverno.CheckClusterPolicy(p.Content)
	}
	_, err := c.policies.Compile(obj.At(p.Content, "spec"))
	return err
}

// policyHook is the webhook of one policy: its rules, in the namespaces that
// both the policy and the chart's configuration select.
func (c *Cluster) policyHook(r *release, p *api.Object, hook func(string, string, ...any) obj.Map) obj.Map {
	var rules []any
	selector := obj.Map{}
	name, path := "mutate.kyverno.svc-fail", "/mutate/fail"
	if p.Kind == "MutatingPolicy" {
		name, path = "mpol.mutate.kyverno.svc-fail", "/mpol/mutate/"+p.Name
		rules = obj.List(p.Content, "spec", "matchConstraints", "resourceRules")
		selector = obj.Copy(obj.At(p.Content, "spec", "matchConstraints", "namespaceSelector"))
	} else {
		rules = kyverno.ClusterPolicyRules(p.Content)
	}
	h := hook(name, path, rules...)
	if obj.Str(p.Content, "spec", "failurePolicy") == "Ignore" {
		h["failurePolicy"] = "Ignore"
	}
	if selector == nil {
		selector = obj.Map{}
	}
	expressions := obj.List(selector, "matchExpressions")
	expressions = append(expressions, obj.List(c.kyvernoConfig(r), "namespaceSelector", "matchExpressions")...)
	expressions = append(expressions, obj.Map{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []any{r.ns}})
	selector["matchExpressions"] = expressions
	for k, v := range obj.At(c.kyvernoConfig(r), "namespaceSelector", "matchLabels") {
		obj.Set(selector, v, "matchLabels", k)
	}
	h["namespaceSelector"] = selector
	if o := obj.At(p.Content, "spec", "matchConstraints", "objectSelector"); o != nil {
		h["objectSelector"] = o
	}
	obj.Set(h, p.Name, "clientConfig", "service", "path")
	obj.Set(h, path, "clientConfig", "service", "path")
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

// policyStatus writes what Kyverno writes: conditionStatus for the policies of
// policies.kyverno.io, conditions for a ClusterPolicy.
func (c *Cluster) policyStatus(p *api.Object, broken error) {
	ready, status, text := true, "True", "Policy is ready for reporting."
	if broken != nil {
		ready, status, text = false, "False", broken.Error()
		c.blame(p, lawPolicyReady, "%s", text)
	} else {
		c.clear(p)
	}
	generation := obj.Int(p.Content, "metadata", "generation")
	now := c.all.world.Now().UTC().Format("2006-01-02T15:04:05Z")
	condition := func(kind string, old []obj.Map) any {
		when := now
		for _, o := range old {
			if obj.Str(o, "type") == kind && obj.Str(o, "status") == status {
				when = obj.Str(o, "lastTransitionTime")
			}
		}
		return obj.Map{"type": kind, "status": status, "reason": map[bool]string{true: "Succeeded", false: "Failed"}[ready], "message": text, "lastTransitionTime": when}
	}
	_ = c.API.Write(p, kyvernoManager, func(content obj.Map) {
		if p.Kind == "ClusterPolicy" {
			obj.Set(content, []any{condition("Ready", obj.Maps(content, "status", "conditions"))}, "status", "conditions")
			return
		}
		old := obj.Maps(content, "status", "conditionStatus", "conditions")
		obj.Set(content, ready, "status", "conditionStatus", "ready")
		var list []any
		for _, kind := range []string{"WebhookConfigured", "PolicyCached", "RBACPermissionsGranted"} {
			e := condition(kind, old).(obj.Map)
			e["observedGeneration"] = generation
			list = append(list, e)
		}
		obj.Set(content, list, "status", "conditionStatus", "conditions")
	})
}

// mutateByKyverno evaluates the policies behind one webhook.
func (c *Cluster) mutateByKyverno(r *api.Request, q kyverno.Request, hook obj.Map) error {
	for _, p := range c.kyvernoPolicies() {
		if p.Terminating() || p.Kind == "MutatingPolicy" && obj.Str(hook, "clientConfig", "service", "path") != "/mpol/mutate/"+p.Name {
			continue
		}
		if p.Kind == "ClusterPolicy" && obj.Str(hook, "clientConfig", "service", "path") != "/mutate/fail" {
			continue
		}
		q.Object = r.Object
		patched, err := c.evaluate(p, q)
		if err != nil {
			if obj.Str(p.Content, "spec", "failurePolicy") == "Ignore" {
				continue
			}
			return denied(r, obj.Str(hook, "name"), fmt.Sprintf("policy %s error: failed to evaluate: %v", p.Name, err))
		}
		if patched != nil {
			r.Object = patched
			r.Notes = append(r.Notes, api.Reliance{URN: p.Maker, Law: lawInjectAtCreation, Lasting: true})
			for _, n := range p.Reliance {
				r.Notes = append(r.Notes, api.Reliance{URN: n.URN, Law: n.Law, Lasting: true})
			}
		}
	}
	return nil
}

func (c *Cluster) evaluate(p *api.Object, q kyverno.Request) (obj.Map, error) {
	if p.Kind == "ClusterPolicy" {
		return kyverno.MutateByClusterPolicy(p.Content, q)
	}
	policy, err := c.policies.Compile(obj.At(p.Content, "spec"))
	if err != nil {
		return nil, err
	}
	return policy.Mutate(q)
}

// preDelete runs the pre-delete hooks of Kyverno's chart: Jobs that scale the
// controllers down and remove the webhook configurations. Jobs are pods: they
// need a node, and the way to their image.
func (c *Cluster) preDelete(op *world.Op, r *release) error {
	if r.chart.Name != charts.Kyverno || !obj.Bool(r.values, "webhooksCleanup", "enabled") {
		return nil
	}
	needed, err := c.all.account.EgressFromNodes(c.eks.Name)
	groups := c.all.account.NodeGroups(c.eks.Name)
	if len(c.nodes()) == 0 || err != nil {
		return lawKyvernoHooks.Refuse("", "1 error occurred:\n\t* job %s-scale-to-zero failed: DeadlineExceeded: pre-delete hooks failed: timed out waiting for the condition: the hook's pod does not start without nodes and their network", r.name)
	}
	for _, g := range groups {
		op.Need(g.URN, lawKyvernoHooks)
	}
	for _, urn := range needed {
		op.Need(urn, lawKyvernoHooks)
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
