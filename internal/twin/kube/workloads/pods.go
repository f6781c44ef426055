package workloads

import (
	"fmt"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// CreatePod creates a pod, perhaps for a workload, and places it on a node.
func (c *Controller) CreatePod(op *world.Op, content obj.Map, workload *api.Object) (*api.Object, error) {
	namespace := obj.Str(content, "metadata", "namespace")
	account := obj.Str(content, "spec", "serviceAccountName")
	if account == "" {
		account = "default"
	}
	sa := c.mgr.API.Get("", "ServiceAccount", namespace, account)
	if sa == nil {
		return nil, LawServiceAccount.Refuse("Forbidden",
			"pods %q is forbidden: error looking up service account %s/%s: serviceaccount %q not found",
			obj.Str(content, "metadata", "name"), namespace, account, account)
	}
	pod, err := c.mgr.API.Create(op, content, manager)
	if err != nil {
		return nil, err
	}
	if workload != nil {
		pod.URN = workload.URN
	}
	pod.DependsOnNow(sa.URN, LawServiceAccount)
	c.place(pod)
	return pod, nil
}

// evict deletes the pods whose node no longer exists. Their owners create new ones.
func (c *Controller) evict(op *world.Op) {
	alive := map[string]bool{}
	for _, n := range c.mgr.Nodes() {
		alive[n.Name] = true
	}
	for _, p := range c.mgr.API.List("", "Pod", "") {
		if node := obj.Str(p.Content, "spec", "nodeName"); node != "" && !alive[node] {
			_ = c.mgr.API.Delete(controller.Acting(op, p), p.Key)
		}
	}
}

// createPod creates one pod of an owner, through admission; for a node, unless it
// is empty.
func (c *Controller) createPod(op *world.Op, workload, owner *api.Object, name, node string) error {
	template := obj.Copy(obj.At(owner.Content, "spec", "template"))
	if node != "" {
		meanFor(template, node)
	}
	metadata := obj.At(template, "metadata")
	if metadata == nil {
		metadata = obj.Map{}
	}
	metadata["name"], metadata["namespace"], metadata["ownerReferences"] = name, owner.Namespace, []any{owner.OwnerReference()}
	_, err := c.CreatePod(controller.Acting(op, workload),
		obj.Map{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}, workload)
	if err != nil {
		c.mgr.Fail(workload, LawAvailable, fmt.Errorf("FailedCreate: Error creating: %w", err))
	}
	return err
}

// Suffix returns five new characters that follow the name of a pod's owner.
func (c *Controller) Suffix(owner string) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	var b strings.Builder
	for _, r := range c.mgr.World.ID(c.mgr.EKS.ARN+" pods of "+owner, 5) {
		b.WriteByte(alphabet[(int(r)*7)%len(alphabet)])
	}
	return b.String()
}

// Run places a pod, starts it, and reports whether it is ready.
func (c *Controller) Run(pod *api.Object) bool {
	if !pod.Terminating() && obj.Str(pod.Content, "spec", "nodeName") == "" {
		c.place(pod)
	}
	if !c.kubelet.Run(pod) {
		return false
	}
	pod.DependsOn(c.mgr.NodeGroup(obj.Str(pod.Content, "spec", "nodeName")).URN, LawNodes)
	return true
}
