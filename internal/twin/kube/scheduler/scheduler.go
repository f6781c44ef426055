// Package scheduler places pods on nodes as kube-scheduler's default profile
// does: by what nodes have room for, selectors, taints, affinity between pods
// and the spread over topologies, in the plugins' order and words. Nodes and
// pods are values; nothing here knows a cluster.
//
// It leaves out what nothing in the twin uses: volumes, host ports, images that
// a node already has, preferred node affinity and preemption of pods with a
// lower priority. Of nodes with the same score kube-scheduler takes any, the
// twin the first by name.
//
// https://github.com/kubernetes/kubernetes/tree/v1.35.0/pkg/scheduler
package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/component-helpers/resource"
)

// ErrNoNodes is the answer of a cluster without nodes.
var ErrNoNodes = errors.New("no nodes available to schedule pods")

// Cluster is what the scheduler sees: the nodes with their pods.
type Cluster struct {
	nodes      []*node
	namespaces map[string]labels.Set
}

// node is a node with the sum of its pods' requests.
type node struct {
	*corev1.Node
	pods      []*corev1.Pod
	requested corev1.ResourceList // as pods ask
	assumed   corev1.ResourceList // with a default for what containers do not ask for
}

// plus is the sum of two lists.
func plus(a, b corev1.ResourceList) corev1.ResourceList {
	sum := a.DeepCopy()
	if sum == nil {
		sum = corev1.ResourceList{}
	}
	for name, more := range b {
		have := sum[name]
		have.Add(more)
		sum[name] = have
	}
	return sum
}

// New returns a cluster of nodes, with the pods that are bound to one of them.
// Namespaces have labels, which terms of affinity may select by.
func New(nodes []*corev1.Node, pods []*corev1.Pod, namespaces map[string]labels.Set) *Cluster {
	c := &Cluster{namespaces: namespaces}
	for _, n := range nodes {
		c.nodes = append(c.nodes, &node{Node: n})
	}
	slices.SortFunc(c.nodes, func(a, b *node) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range pods {
		c.Bind(p, p.Spec.NodeName)
	}
	return c
}

// Bind adds a pod to a node; a node that the cluster lacks is ignored.
func (c *Cluster) Bind(pod *corev1.Pod, name string) {
	for _, n := range c.nodes {
		if n.Name == name {
			n.pods = append(n.pods, pod)
			n.requested = plus(n.requested, requests(pod))
			n.assumed = plus(n.assumed, assumedRequests(pod))
		}
	}
}

// requests are what a pod asks for: the sum of its containers and native
// sidecars, or the largest of its init containers.
func requests(pod *corev1.Pod) corev1.ResourceList {
	return resource.PodRequests(pod, resource.PodResourcesOptions{})
}

// Schedule returns the name of the node that a pod goes to, or an *UnschedulableError
// or ErrNoNodes.
func (c *Cluster) Schedule(pod *corev1.Pod) (string, error) {
	if len(c.nodes) == 0 {
		return "", ErrNoNodes
	}
	cycle := c.newCycle(pod)
	why := &UnschedulableError{nodes: len(c.nodes)}
	var feasible []*node
	for _, n := range c.nodes {
		if failure := cycle.filter(n); failure != nil {
			why.failures = append(why.failures, *failure)
		} else {
			feasible = append(feasible, n)
		}
	}
	if len(feasible) == 0 {
		return "", why
	}
	return cycle.best(feasible).Name, nil
}

// failure is why a node does not take a pod.
type failure struct {
	reasons      []string
	unresolvable bool // no node would become free by the deletion of pods
}

// UnschedulableError says why no node takes a pod.
type UnschedulableError struct {
	nodes    int
	failures []failure
}

// Error counts the nodes by reason.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/scheduler/framework/types.go
func (u *UnschedulableError) Error() string {
	reasons, preemption := map[string]int{}, map[string]int{}
	for _, f := range u.failures {
		for _, r := range f.reasons {
			reasons[r]++
		}
		if f.unresolvable {
			preemption["Preemption is not helpful for scheduling"]++
		} else {
			preemption["No preemption victims found for incoming pod"]++
		}
	}
	return u.sentence(reasons) + " preemption: " + u.sentence(preemption)
}

func (u *UnschedulableError) sentence(reasons map[string]int) string {
	counted := make([]string, 0, len(reasons))
	for reason, n := range reasons {
		counted = append(counted, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(counted)
	return fmt.Sprintf("0/%d nodes are available: %s.", u.nodes, strings.Join(counted, ", "))
}
