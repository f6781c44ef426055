package kyverno

import (
	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// New returns the Kyverno of a cluster, which works as soon as its chart is
// installed.
func New(mgr *controller.Manager, releases *helm.Releases, chain *admission.Chain) *Controller {
	c := &Controller{mgr: mgr, releases: releases, webhooks: map[string]*webhook{}}
	chain.Handle(resourceMutating, c.mutate)
	chain.Handle(policyValidating, c.validatePolicy)
	releases.PreDelete(charts.Kyverno, c.preDelete)
	return c
}

// release finds the running admission controller.
func (c *Controller) release() (*helm.Release, *api.Object) {
	for _, r := range c.releases.Of(charts.Kyverno) {
		for _, key := range r.Objects {
			if d := c.mgr.API.Lookup(key); d != nil && key.Kind == "Deployment" &&
				obj.Str(d.Content, "metadata", "labels", "app.kubernetes.io/component") == "admission-controller" {
				for _, pod := range pods.ReadyOf(c.mgr.API, d) {
					return r, pod
				}
			}
		}
	}
	return nil, nil
}

func (c *Controller) policies() []*api.Object {
	return append(c.mgr.API.List(mutatingPolicyGroup, "MutatingPolicy", ""), c.mgr.API.List(clusterPolicyGroup, "ClusterPolicy", "")...)
}

// Reconcile is Kyverno's webhook controller and its policy controllers.
func (c *Controller) Reconcile(op *world.Op) {
	r, pod := c.release()
	if pod == nil {
		return
	}
	acting := controller.Acting(op, pod)
	fail := func(name, path string, rules ...any) obj.Map {
		return obj.Map{
			"name": name, "admissionReviewVersions": []any{"v1"}, "sideEffects": "NoneOnDryRun", "failurePolicy": "Fail",
			"timeoutSeconds": int64(10),
			"clientConfig":   obj.Map{"service": obj.Map{"namespace": r.Namespace, "name": serviceOf(r), "path": path, "port": int64(443)}},
			"rules":          rules,
		}
	}
	policies := obj.Map{"apiGroups": []any{clusterPolicyGroup, mutatingPolicyGroup}, "apiVersions": []any{"*"},
		"operations": []any{"CREATE", "UPDATE"},
		"resources":  []any{"clusterpolicies", "policies", "mutatingpolicies"}}
	c.webhookConfig(acting, "MutatingWebhookConfiguration", policyMutating,
		[]any{fail("mutate-policy.kyverno.svc", "/policymutate", policies)})
	c.webhookConfig(acting, "ValidatingWebhookConfiguration", policyValidating,
		[]any{fail("validate-policy.kyverno.svc", "/policyvalidate", policies)})
	var hooks []any
	for _, p := range c.policies() {
		if p.Terminating() {
			continue
		}
		p.DependsOnObject(pod, LawPolicyReady)
		err := c.compilePolicy(p)
		registered := err == nil && c.registered(p)
		if registered {
			hooks = append(hooks, c.policyHook(r, c.inForce(p), fail))
			c.wakeAtCompilation(p)
		}
		c.policyStatus(p, registered, err)
	}
	c.webhookConfig(acting, "MutatingWebhookConfiguration", resourceMutating, hooks)
}

func serviceOf(r *helm.Release) string {
	for _, key := range r.Objects {
		if key.Kind == "Service" {
			return key.Name
		}
	}
	return ""
}

func (c *Controller) webhookConfig(op *world.Op, kind, name string, hooks []any) {
	content := obj.Map{"apiVersion": admission.Group + "/v1", "kind": kind, "metadata": obj.Map{"name": name,
		"labels": obj.Map{"webhook.kyverno.io/managed-by": "kyverno"}}, "webhooks": hooks}
	_, _ = c.mgr.API.Apply(op, content, manager, true)
}
