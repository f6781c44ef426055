package workloads

import (
	"errors"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/aws/instance"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/scheduler"
)

// place lets the scheduler bind a pod to a node.
func (c *Controller) place(pod *api.Object) {
	node, err := c.cluster().Schedule(typed(pod))
	switch {
	case errors.Is(err, scheduler.ErrNoNodes):
		c.mgr.Blame(pod, LawNodes, "Unschedulable: %v", err)
	case err != nil:
		c.mgr.Blame(pod, LawRoom, "Unschedulable: %v", err)
	default:
		_ = c.mgr.API.Write(pod, "kube-scheduler", func(content obj.Map) { obj.Set(content, node, "spec", "nodeName") })
	}
}

// cluster is what the scheduler sees now.
func (c *Controller) cluster() *scheduler.Cluster {
	var nodes []*corev1.Node
	for _, g := range c.mgr.Account.EKS.NodeGroups(c.mgr.EKS.Name) {
		for _, n := range g.Nodes {
			node := nodeOf(g, n)
			node.Spec.Unschedulable = c.drained[n.Name]
			nodes = append(nodes, node)
		}
	}
	namespaces := map[string]labels.Set{}
	for _, ns := range c.mgr.API.List("", "Namespace", "") {
		namespaces[ns.Name] = ns.Labels()
	}
	cluster := scheduler.New(nodes, nil, namespaces)
	for _, pod := range c.addonPods(nodes) { // the first pods of a node
		if node, err := cluster.Schedule(pod); err == nil {
			cluster.Bind(pod, node)
		}
	}
	for _, pod := range c.boundPods() {
		cluster.Bind(pod, pod.Spec.NodeName)
	}
	return cluster
}

// boundPods are the pods that are on nodes. All that may change of one is its
// labels and whether it is being deleted.
func (c *Controller) boundPods() []*corev1.Pod {
	known := map[string]*corev1.Pod{}
	var out []*corev1.Pod
	for _, o := range c.mgr.API.List("", "Pod", "") {
		if obj.Str(o.Content, "spec", "nodeName") == "" {
			continue
		}
		pod := c.bound[o.UID()]
		if pod == nil {
			pod = typed(o)
		}
		pod.Labels, pod.DeletionTimestamp = o.Labels(), nil
		if o.Terminating() {
			pod.DeletionTimestamp = &metav1.Time{}
		}
		known[o.UID()] = pod
		out = append(out, pod)
	}
	c.bound = known
	return out
}

// typed is a stored pod, which validation has already read as one.
func typed(o *api.Object) *corev1.Pod {
	pod := &corev1.Pod{}
	content := obj.Map{"metadata": o.Content["metadata"], "spec": o.Content["spec"]}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, pod); err != nil {
		panic(err)
	}
	return pod
}

// nodeOf is a node as its kubelet registers it. An instance type that the twin
// does not know says nothing of what it has, and is not judged.
func nodeOf(g *eks.NodeGroup, n eks.Node) *corev1.Node {
	node := &corev1.Node{}
	node.Name = n.Name
	node.Labels = map[string]string{
		corev1.LabelHostname: n.Name, corev1.LabelTopologyZone: n.Zone, corev1.LabelTopologyRegion: g.Region,
		corev1.LabelInstanceTypeStable: g.InstanceType, corev1.LabelOSStable: "linux",
		corev1.LabelArchStable: g.Architecture(), "eks.amazonaws.com/nodegroup": g.Name,
	}
	maps.Copy(node.Labels, g.Labels)
	if t, known := instance.Lookup(g.InstanceType); known {
		node.Status.Allocatable = t.Allocatable()
	}
	return node
}

const (
	nameField = "metadata.name"
	affinity  = "nodeAffinity"
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
)

// meanFor gives a pod template to one node, as the DaemonSet controller does.
// https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#how-daemon-pods-are-scheduled
func meanFor(template obj.Map, node string) {
	field := obj.Map{"key": nameField, "operator": "In", "values": []any{node}}
	obj.Set(template, []any{obj.Map{"matchFields": []any{field}}}, "spec", "affinity", affinity, required, "nodeSelectorTerms")
}

// meantFor is the node of a DaemonSet's pod, also before it is placed.
func meantFor(pod *api.Object) string {
	for _, term := range obj.Maps(pod.Content, "spec", "affinity", affinity, required, "nodeSelectorTerms") {
		for _, field := range obj.Maps(term, "matchFields") {
			if values := obj.Strings(field, "values"); obj.Str(field, "key") == nameField && len(values) == 1 {
				return values[0]
			}
		}
	}
	return ""
}
