package scheduler

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// cycle is the scheduling of one pod.
type cycle struct {
	pod      *corev1.Pod
	requests corev1.ResourceList
	affinity *affinity
	spread   *spread
	nodes    []*node
}

func (c *Cluster) newCycle(pod *corev1.Pod) *cycle {
	return &cycle{
		pod: pod, requests: requests(pod), nodes: c.nodes,
		affinity: c.newAffinity(pod), spread: newSpread(c.nodes, pod),
	}
}

// filter asks the plugins in the order of the default profile. The first that
// refuses a node says why.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/scheduler/apis/config/v1/default_plugins.go
func (c *cycle) filter(n *node) *failure {
	for _, plugin := range []func(*node) *failure{
		c.unschedulable, c.taints, c.nodeAffinity, c.fit, c.spread.filter, c.affinity.filter,
	} {
		if f := plugin(n); f != nil {
			return f
		}
	}
	return nil
}

func unresolvable(reason string) *failure {
	return &failure{reasons: []string{reason}, unresolvable: true}
}

func resolvable(reason string) *failure { return &failure{reasons: []string{reason}} }

// unschedulable is plugin NodeUnschedulable: nodes that are drained take no pods.
func (c *cycle) unschedulable(n *node) *failure {
	if !n.Spec.Unschedulable {
		return nil
	}
	taint := corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
	if scheduling.TolerationsTolerateTaint(klog.Logger{}, c.pod.Spec.Tolerations, &taint, false) {
		return nil
	}
	return unresolvable("node(s) were unschedulable")
}

// taints is plugin TaintToleration.
func (c *cycle) taints(n *node) *failure {
	hard := func(t *corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	}
	if _, found := scheduling.FindMatchingUntoleratedTaint(klog.Logger{}, n.Spec.Taints, c.pod.Spec.Tolerations, hard, false); found {
		return unresolvable("node(s) had untolerated taint(s)")
	}
	return nil
}

// nodeAffinity is plugin NodeAffinity with the selector and the required terms.
func (c *cycle) nodeAffinity(n *node) *failure {
	if match, err := nodeaffinity.GetRequiredNodeAffinity(c.pod).Match(n.Node); err != nil || !match {
		return unresolvable("node(s) didn't match Pod's node affinity/selector")
	}
	return nil
}

// fit is plugin NodeResourcesFit. Kubernetes' own resources are judged only where
// the node says how much it has.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/scheduler/framework/plugins/noderesources/fit.go
func (c *cycle) fit(n *node) *failure {
	var f failure
	if most, ok := n.Status.Allocatable[corev1.ResourcePods]; ok && int64(len(n.pods))+1 > most.Value() {
		f.reasons = append(f.reasons, "Too many pods")
	}
	for name, wanted := range c.requests {
		has, known := n.Status.Allocatable[name]
		if wanted.IsZero() || !known && !strings.Contains(string(name), "/") {
			continue
		}
		left := has.DeepCopy()
		left.Sub(n.requested[name])
		if wanted.Cmp(left) > 0 {
			f.reasons = append(f.reasons, "Insufficient "+string(name))
			f.unresolvable = f.unresolvable || wanted.Cmp(has) > 0
		}
	}
	if f.reasons == nil {
		return nil
	}
	slices.Sort(f.reasons)
	return &f
}
