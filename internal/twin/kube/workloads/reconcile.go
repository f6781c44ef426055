package workloads

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// Reconcile evicts the pods of deleted nodes, creates pods and reports their state.
func (c *Controller) Reconcile(op *world.Op) {
	c.evict(op)
	for _, d := range c.mgr.API.List("apps", "Deployment", "") {
		if !d.Terminating() {
			c.runDeployment(op, d)
		}
	}
	for _, d := range c.mgr.API.List("apps", "DaemonSet", "") {
		if !d.Terminating() {
			c.runDaemonSet(op, d)
		}
	}
	for _, pod := range c.mgr.API.List("", "Pod", "") {
		c.Run(pod)
	}
	for _, kind := range []string{"Deployment", "DaemonSet"} {
		for _, d := range c.mgr.API.List("apps", kind, "") {
			c.report(d)
		}
	}
}

// report writes a workload's status.
func (c *Controller) report(d *api.Object) {
	ready, all := int64(len(pods.ReadyOf(c.mgr.API, d))), int64(len(pods.Current(c.mgr.API, d)))
	for _, p := range pods.ReadyOf(c.mgr.API, d) {
		d.DependsOnObject(p, LawAvailable)
	}
	want := obj.Int(d.Content, "spec", "replicas")
	if d.Kind == "DaemonSet" {
		want = obj.Int(d.Content, "status", "desiredNumberScheduled")
	}
	if ready >= want {
		c.mgr.Clear(d)
	} else {
		for _, p := range pods.Current(c.mgr.API, d) {
			if t, ok := c.mgr.Trouble(p.Key); ok {
				c.mgr.Blame(d, t.Law, "%s", t.Text)
			}
		}
	}
	_ = c.mgr.API.Write(d, manager, func(content obj.Map) {
		obj.Set(content, obj.Int(content, "metadata", "generation"), "status", "observedGeneration")
		if d.Kind == "DaemonSet" {
			obj.Set(content, ready, "status", "numberReady")
			obj.Set(content, ready, "status", "numberAvailable")
			obj.Set(content, all, "status", "currentNumberScheduled")
			obj.Set(content, int64(0), "status", "numberMisscheduled")
			return
		}
		status, reason := "False", "MinimumReplicasUnavailable"
		if ready >= want {
			status, reason = "True", "MinimumReplicasAvailable"
		}
		obj.Set(content, all, "status", "replicas")
		obj.Set(content, all, "status", "updatedReplicas")
		obj.Set(content, ready, "status", "readyReplicas")
		obj.Set(content, ready, "status", "availableReplicas")
		obj.Set(content, []any{obj.Map{"type": "Available", "status": status, "reason": reason}}, "status", "conditions")
	})
}
