package kyverno

import (
	"slices"

	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// preDelete is the pre-delete hooks of Kyverno's chart: Jobs that scale the
// controllers down and delete the webhook configurations. Jobs are pods: they
// need a node, and the way to their image.
func (c *Controller) preDelete(op *world.Op, r *helm.Release) error {
	if !obj.Bool(r.Values, "webhooksCleanup", "enabled") {
		return nil
	}
	needed, err := c.mgr.Account.EKS.EgressFromNodes(c.mgr.EKS.Name)
	groups := c.mgr.Account.EKS.NodeGroups(c.mgr.EKS.Name)
	if len(c.mgr.Nodes()) == 0 || err != nil {
		return LawHooks.Refuse("", "1 error occurred:\n\t* job %s-scale-to-zero failed: DeadlineExceeded: pre-delete hooks failed: timed out "+
			"waiting for the condition: the hook's pod does not start without nodes and their network", r.Name)
	}
	for _, g := range groups {
		op.DependsOn(g.URN, LawHooks)
	}
	for _, urn := range needed {
		op.DependsOn(urn, LawHooks)
	}
	for _, key := range r.Objects {
		if d := c.mgr.API.Lookup(key); d != nil && key.Kind == "Deployment" {
			_ = c.mgr.API.Write(d, helm.Manager, func(content obj.Map) { obj.Set(content, int64(0), "spec", "replicas") })
		}
	}
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		for _, config := range slices.Clone(c.mgr.API.List(admission.Group, kind, "")) {
			if config.Labels()["webhook.kyverno.io/managed-by"] == "kyverno" {
				if err := c.mgr.API.Delete(op, config.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
