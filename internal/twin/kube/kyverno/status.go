package kyverno

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
)

// policyStatus writes what Kyverno writes: conditionStatus for the policies of
// policies.kyverno.io, where ready only means that no condition is false, and
// conditions for a ClusterPolicy.
func (c *Controller) policyStatus(p *api.Object, registered bool, broken error) {
	if broken != nil {
		c.mgr.Blame(p, LawPolicyReady, "%s", broken)
	} else {
		c.mgr.Clear(p)
	}
	_ = c.mgr.API.Write(p, manager, func(content obj.Map) {
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

func (c *Controller) policyCondition(p *api.Object, content obj.Map, path []string, kind, text string) {
	c.mgr.SetCondition(p, content, controller.Condition{Type: kind, True: true, Reason: "Succeeded", Message: text}, path...)
	for _, condition := range obj.Maps(content, path...) {
		delete(condition, "observedGeneration")
	}
}
