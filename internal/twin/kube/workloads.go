package kube

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

const controllerManager = "kube-controller-manager"

// runWorkloads is kube-controller-manager, the scheduler and the kubelets.
func (c *Cluster) runWorkloads(op *world.Op) {
	c.evict(op)
	for _, d := range c.API.List("apps", "Deployment", "") {
		if !d.Terminating() {
			c.runDeployment(op, d)
		}
	}
	for _, d := range c.API.List("apps", "DaemonSet", "") {
		if !d.Terminating() {
			c.runDaemonSet(op, d)
		}
	}
	for _, pod := range c.API.List("", "Pod", "") {
		c.runPod(pod)
	}
	for _, kind := range []string{"Deployment", "DaemonSet"} {
		for _, d := range c.API.List("apps", kind, "") {
			c.report(d)
		}
	}
}

// runDeployment keeps one replica set per pod template. The pods of an older
// template go once those of the newest are ready, as in a rolling update.
func (c *Cluster) runDeployment(op *world.Op, d *api.Object) {
	hash := pods.TemplateHash(obj.At(d.Content, "spec", "template"))
	name := d.Name + "-" + hash
	rs := c.API.Get("apps", "ReplicaSet", d.Namespace, name)
	if rs == nil {
		content := obj.Copy(obj.Map{
			"apiVersion": "apps/v1", "kind": "ReplicaSet",
			"metadata": obj.Map{"name": name, "namespace": d.Namespace, "ownerReferences": []any{d.OwnerReference()}},
			"spec": obj.Map{"replicas": d.Content["spec"].(obj.Map)["replicas"], "selector": obj.At(d.Content, "spec", "selector"),
				"template": obj.At(d.Content, "spec", "template")},
		})
		for _, path := range [][]string{{"metadata", "labels"}, {"spec", "selector", "matchLabels"}, {"spec", "template", "metadata", "labels"}} {
			obj.Set(content, hash, append(path, "pod-template-hash")...)
		}
		var err error
		if rs, err = c.API.Create(controller.Acting(op, d), content, controllerManager); err != nil {
			c.Fail(d, lawAvailable, err)
			return
		}
		rs.URN = d.URN
	}
	replicas := int(obj.Int(d.Content, "spec", "replicas"))
	c.scale(op, d, rs, replicas)
	current := pods.Owned(c.API, rs)
	if len(current) < replicas || slices.ContainsFunc(current, func(p *api.Object) bool { return !c.runPod(p) }) {
		return
	}
	for _, old := range c.API.List("apps", "ReplicaSet", d.Namespace) {
		if old != rs && old.OwnedBy(d) {
			c.scale(op, d, old, 0)
		}
	}
}

// scale makes or removes pods of a replica set until there are n.
func (c *Cluster) scale(op *world.Op, owner, rs *api.Object, n int) {
	pods := pods.Owned(c.API, rs)
	for i := len(pods); i < n; i++ {
		if err := c.createPod(op, owner, rs, rs.Name+"-"+c.suffix(rs.Name)); err != nil {
			return
		}
	}
	for i := n; i < len(pods); i++ {
		_ = c.API.Delete(controller.Acting(op, owner), pods[i].Key)
	}
	_ = c.API.Write(rs, controllerManager, func(content obj.Map) { obj.Set(content, int64(n), "spec", "replicas") })
}

func (c *Cluster) runDaemonSet(op *world.Op, d *api.Object) {
	nodes := c.Nodes()
	have := map[string]bool{}
	for _, p := range pods.Owned(c.API, d) {
		have[obj.Str(p.Content, "spec", "nodeName")] = true
	}
	for _, n := range nodes {
		if !have[n.Name] {
			if err := c.createPod(op, d, d, d.Name+"-"+c.suffix(d.Name)); err != nil {
				return
			}
		}
	}
	_ = c.API.Write(d, controllerManager, func(content obj.Map) {
		obj.Set(content, int64(len(nodes)), "status", "desiredNumberScheduled")
	})
}

// createPod makes one pod of an owner, through admission.
func (c *Cluster) createPod(op *world.Op, workload, owner *api.Object, name string) error {
	template := obj.Copy(obj.At(owner.Content, "spec", "template"))
	metadata := obj.At(template, "metadata")
	if metadata == nil {
		metadata = obj.Map{}
	}
	metadata["name"], metadata["namespace"], metadata["ownerReferences"] = name, owner.Namespace, []any{owner.OwnerReference()}
	_, err := c.newPod(controller.Acting(op, workload), obj.Map{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}, workload)
	if err != nil {
		c.Fail(workload, lawAvailable, fmt.Errorf("FailedCreate: Error creating: %w", err))
	}
	return err
}

// report writes a workload's status.
func (c *Cluster) report(d *api.Object) {
	ready, all := int64(len(pods.ReadyOf(c.API, d))), int64(len(pods.Current(c.API, d)))
	for _, p := range pods.ReadyOf(c.API, d) {
		d.DependsOnObject(p, lawAvailable)
	}
	want := obj.Int(d.Content, "spec", "replicas")
	if d.Kind == "DaemonSet" {
		want = obj.Int(d.Content, "status", "desiredNumberScheduled")
	}
	if ready >= want {
		c.Clear(d)
	} else {
		for _, p := range pods.Current(c.API, d) {
			if t, ok := c.Trouble(p.Key); ok {
				c.Blame(d, t.Law, "%s", t.Text)
			}
		}
	}
	_ = c.API.Write(d, controllerManager, func(content obj.Map) {
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

// suffix is the five characters after a pod's owner.
func (c *Cluster) suffix(owner string) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	var b strings.Builder
	for _, r := range c.World.ID(c.EKS.ARN+" pods of "+owner, 5) {
		b.WriteByte(alphabet[(int(r)*7)%len(alphabet)])
	}
	return b.String()
}
