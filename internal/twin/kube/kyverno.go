package kube

import (
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawPolicyReady = law.New(law.Injection, "policy-works-by-its-webhook",
		"A policy works from the moment that its webhook is registered: condition WebhookConfigured of status.conditionStatus says so, while ready is true before.",
		"https://github.com/kyverno/kyverno/issues/16281")
	lawPolicyCompiles = law.New(law.Injection, "policies-must-compile",
		"Kyverno's webhook refuses a policy with an expression that does not compile.",
		"https://kyverno.io/docs/policy-types/mutating-policy/")
	lawEvaluation = law.New(law.Injection, "evaluation-errors-keep-pods-out",
		"A policy of failure policy Fail that cannot be evaluated for an object keeps the object out.",
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
	// webhookDelay is how long after a policy its webhook is registered:
	// https://github.com/kyverno/kyverno/issues/1784
	webhookDelay = 20 * time.Second
)

// webhook is what Kyverno makes of a policy: when its webhook is registered,
// whether an operation has waited until it was, and by which text it works.
type webhook struct {
	due     time.Time
	awaited bool
	text    policyText
}

// kyvernoRelease finds the running admission controller.
func (c *Cluster) kyvernoRelease() (*release, *api.Object) {
	for _, id := range sortedKeys(c.releases) {
		r := c.releases[id]
		if r.chart.Name != charts.Kyverno {
			continue
		}
		for _, key := range r.objects {
			if d := c.API.Lookup(key); d != nil && key.Kind == "Deployment" && obj.Str(d.Content, "metadata", "labels", "app.kubernetes.io/component") == "admission-controller" {
				for _, pod := range pods.ReadyOf(c.API, d) {
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
	acting := controller.Acting(op, pod)
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
		p.DependsOnObject(pod, lawPolicyReady)
		err := c.compilePolicy(p)
		registered := err == nil && c.registered(p)
		if registered {
			hooks = append(hooks, c.policyHook(r, c.inForce(p), fail))
			c.wakeAtCompilation(p)
		}
		c.policyStatus(p, registered, err)
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
	_, err := kyverno.Compile(obj.At(p.Content, "spec"))
	return err
}

// registered tells whether a policy's webhook is there yet. It comes some time
// after the policy, which whoever waits for it does not notice, and whoever
// does not wait may.
func (c *Cluster) registered(p *api.Object) bool {
	w := c.webhook(p)
	if w.due.IsZero() {
		w.due = c.World.Now().Add(webhookDelay)
	}
	if c.World.Now().Before(w.due) {
		c.WakeAt(w.due)
		return false
	}
	return true
}

// waitLonger lets the time pass that an object takes which has come to rest
// only for the moment. It tells whether waiting makes sense.
func (c *Cluster) waitLonger(op *world.Op, o *api.Object) bool {
	w := c.webhooks[o.UID()]
	if w == nil || !c.World.Now().Before(w.due) {
		return false
	}
	op.Takes(w.due.Sub(c.World.Now()), lawPolicyReady)
	w.due, w.awaited = c.World.Now(), true
	c.Wake()
	return true
}

func (c *Cluster) webhook(p *api.Object) *webhook {
	w := c.webhooks[p.UID()]
	if w == nil {
		w = &webhook{}
		c.webhooks[p.UID()] = w
	}
	return w
}

// policyStatus writes what Kyverno writes: conditionStatus for the policies of
// policies.kyverno.io, where ready only means that no condition is false, and
// conditions for a ClusterPolicy.
func (c *Cluster) policyStatus(p *api.Object, registered bool, broken error) {
	if broken != nil {
		c.Blame(p, lawPolicyReady, "%s", broken)
	} else {
		c.Clear(p)
	}
	_ = c.API.Write(p, kyvernoManager, func(content obj.Map) {
		if p.Kind == "ClusterPolicy" {
			if registered {
				c.policyCondition(p, content, []string{"status", "conditions"}, "Ready", "Ready")
			}
			return
		}
		path := []string{"status", "conditionStatus", "conditions"}
		text := "Policy is ready for reporting."
		if enabled, ok := obj.Get(content, "spec", "evaluation", "background", "enabled").(bool); ok && !enabled {
			text = "Background scanning disabled; reporting permissions not required."
		}
		c.policyCondition(p, content, path, "RBACPermissionsGranted", text)
		if registered {
			c.policyCondition(p, content, path, "WebhookConfigured", "Webhook configured.")
		}
		obj.Set(content, broken == nil, "status", "conditionStatus", "ready")
	})
}

func (c *Cluster) policyCondition(p *api.Object, content obj.Map, path []string, kind, text string) {
	c.SetCondition(p, content, controller.Condition{Type: kind, True: true, Reason: "Succeeded", Message: text}, path...)
	for _, condition := range obj.Maps(content, path...) {
		delete(condition, "observedGeneration")
	}
}
