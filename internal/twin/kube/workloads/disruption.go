package workloads

import (
	"fmt"
	"slices"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// evictPod deletes a pod unless a disruption budget forbids it.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/registry/core/pod/storage/eviction.go
func (c *Controller) evictPod(op *world.Op, pod *api.Object) error {
	budgets := c.budgetsOf(pod)
	switch {
	case obj.Str(pod.Content, "status", "phase") != "Running": // nothing is disrupted
	case len(budgets) > 1:
		return LawBudget.Refuse("InternalError",
			"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
	case len(budgets) == 1:
		healthy, desired := c.budget(budgets[0])
		// A pod that is not ready is none of those that have to stay.
		always := budgets[0].Spec.UnhealthyPodEvictionPolicy
		harmless := !pods.Ready(pod) && (healthy >= desired && desired > 0 || always != nil && *always == policyv1.AlwaysAllow)
		if !harmless && healthy <= desired {
			return LawBudget.Refuse("TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget. "+
				"The disruption budget %s needs %d healthy pods and has %d currently", budgets[0].Name, desired, healthy)
		}
	}
	return c.mgr.API.Delete(controller.Acting(op, pod), pod.Key)
}

// budgetsOf are the disruption budgets whose selector matches a pod.
func (c *Controller) budgetsOf(pod *api.Object) []*policyv1.PodDisruptionBudget {
	var out []*policyv1.PodDisruptionBudget
	for _, o := range c.mgr.API.List(policyv1.GroupName, "PodDisruptionBudget", pod.Namespace) {
		pdb := &policyv1.PodDisruptionBudget{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Content, pdb); err != nil {
			panic(err) // stored objects are valid
		}
		if covers(pdb, pod) {
			out = append(out, pdb)
		}
	}
	return out
}

func covers(pdb *policyv1.PodDisruptionBudget, pod *api.Object) bool {
	selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
	return err == nil && selector.Matches(labels.Set(pod.Labels()))
}

// budget is how many pods of a disruption budget are healthy, and how many must be.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/controller/disruption/disruption.go
func (c *Controller) budget(pdb *policyv1.PodDisruptionBudget) (healthy, desired int) {
	scale := map[string]int{} // of the pods' Deployments or other owners
	for _, p := range c.mgr.API.List("", "Pod", pdb.Namespace) {
		if !covers(pdb, p) {
			continue
		}
		if pods.Ready(p) {
			healthy++
		}
		for _, ref := range obj.Maps(p.Content, "metadata", "ownerReferences") {
			if rs := c.mgr.API.Get("apps", "ReplicaSet", pdb.Namespace, obj.Str(ref, "name")); rs != nil {
				owner, replicas := c.deploymentOf(rs)
				scale[owner] = replicas
			}
		}
	}
	expected := 0
	for _, replicas := range scale {
		expected += replicas
	}
	if most := pdb.Spec.MaxUnavailable; most != nil {
		return healthy, max(0, expected-scaled(most, expected))
	}
	if fewest := pdb.Spec.MinAvailable; fewest != nil {
		return healthy, scaled(fewest, expected)
	}
	return healthy, 0
}

func scaled(n *intstr.IntOrString, of int) int {
	value, err := intstr.GetScaledValueFromIntOrPercent(n, of, true)
	if err != nil {
		return 0
	}
	return value
}

// deploymentOf names the Deployment of a replica set and how many replicas it wants.
func (c *Controller) deploymentOf(rs *api.Object) (uid string, replicas int) {
	for _, ref := range obj.Maps(rs.Content, "metadata", "ownerReferences") {
		if d := c.mgr.API.Get("apps", "Deployment", rs.Namespace, obj.Str(ref, "name")); d != nil {
			return d.UID(), int(obj.Int(d.Content, "spec", "replicas"))
		}
	}
	return rs.UID(), int(obj.Int(rs.Content, "spec", "replicas"))
}

// Drain evicts the pods of a node but for those of DaemonSets, as EKS does before
// it terminates a node that it replaces. What a budget forbids waits until
// replacements are ready elsewhere, and the drain fails when nothing moves.
// https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
func (c *Controller) Drain(op *world.Op, node string) error {
	c.drained[node] = true
	defer delete(c.drained, node)
	for range 20 { // far more rounds than pods wait for one another
		left := c.evictable(node)
		if len(left) == 0 {
			return nil
		}
		served := c.servedWebhooks()
		var refused error
		gone := 0
		for _, pod := range left {
			if err := c.evictPod(op, pod); err != nil {
				refused = fmt.Errorf("evicting pod %s/%s: %w", pod.Namespace, pod.Name, err)
				continue
			}
			gone++
		}
		if gone == 0 {
			return refused
		}
		still := c.servedWebhooks()
		for _, name := range served {
			if !slices.Contains(still, name) {
				c.mgr.Warn(LawAdmission, "the drain of node %s evicts the last pod behind webhook %s: "+
					"until another is ready, the API refuses what the webhook selects", node, name)
			}
		}
		c.mgr.Reconcile(op)
	}
	return LawBudget.Refuse("Timeout", "pods come back to node %s, whose taint they tolerate", node)
}

// evictable are the pods of a node that a drain moves.
func (c *Controller) evictable(node string) []*api.Object {
	var out []*api.Object
	for _, p := range c.mgr.API.List("", "Pod", "") {
		if obj.Str(p.Content, "spec", "nodeName") == node && !p.Terminating() && meantFor(p) == "" {
			out = append(out, p)
		}
	}
	return out
}

// servedWebhooks are the webhooks that fail closed and whose service has a ready
// pod, by name.
func (c *Controller) servedWebhooks() []string {
	var out []string
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		for _, config := range c.mgr.API.List("admissionregistration.k8s.io", kind, "") {
			for _, hook := range obj.Maps(config.Content, "webhooks") {
				at := obj.At(hook, "clientConfig", "service")
				service := c.mgr.API.Get("", "Service", obj.Str(at, "namespace"), obj.Str(at, "name"))
				if obj.Str(hook, "failurePolicy") != "Ignore" && service != nil && len(pods.Endpoints(c.mgr.API, service)) > 0 {
					out = append(out, obj.Str(hook, "name"))
				}
			}
		}
	}
	return out
}
