package workloads

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// runDeployment keeps one replica set per pod template, and replaces the pods of
// older templates as the Deployment's strategy says.
func (c *Controller) runDeployment(op *world.Op, d *api.Object) {
	hash := pods.TemplateHash(obj.At(d.Content, "spec", "template"))
	name := d.Name + "-" + hash
	rs := c.mgr.API.Get("apps", "ReplicaSet", d.Namespace, name)
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
		if rs, err = c.mgr.API.Create(controller.Acting(op, d), content, manager); err != nil {
			c.mgr.Fail(d, LawAvailable, err)
			return
		}
		rs.URN = d.URN
	}
	c.rollOut(op, d, rs)
}

// scale creates or deletes pods of a replica set until it has n.
func (c *Controller) scale(op *world.Op, owner, rs *api.Object, n int) {
	pods := pods.Owned(c.mgr.API, rs)
	for i := len(pods); i < n; i++ {
		if err := c.createPod(op, owner, rs, rs.Name+"-"+c.Suffix(rs.Name), ""); err != nil {
			return
		}
	}
	for i := n; i < len(pods); i++ {
		_ = c.mgr.API.Delete(controller.Acting(op, owner), pods[i].Key)
	}
	_ = c.mgr.API.Write(rs, manager, func(content obj.Map) { obj.Set(content, int64(n), "spec", "replicas") })
}

func (c *Controller) runDaemonSet(op *world.Op, d *api.Object) {
	nodes := c.mgr.Nodes()
	have := map[string]bool{}
	for _, p := range pods.Owned(c.mgr.API, d) {
		have[meantFor(p)] = true
	}
	for _, n := range nodes {
		if !have[n.Name] {
			if err := c.createPod(op, d, d, d.Name+"-"+c.Suffix(d.Name), n.Name); err != nil {
				return
			}
		}
	}
	_ = c.mgr.API.Write(d, manager, func(content obj.Map) {
		obj.Set(content, int64(len(nodes)), "status", "desiredNumberScheduled")
	})
}
