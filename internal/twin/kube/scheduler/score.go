package scheduler

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	helpers "k8s.io/component-helpers/resource"
)

const maxScore = 100

// What scores take a container to need that does not say it.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/scheduler/util/pod_resources.go
var unsaid = corev1.ResourceList{
	corev1.ResourceCPU:    resource.MustParse("100m"),
	corev1.ResourceMemory: *resource.NewQuantity(200*1024*1024, resource.BinarySI),
}

func assumedRequests(pod *corev1.Pod) corev1.ResourceList {
	return helpers.PodRequests(pod, helpers.PodResourcesOptions{NonMissingContainerRequests: unsaid})
}

// best is the node with the highest score, with the default profile's weights.
func (c *cycle) best(nodes []*node) *node {
	liked, spread := c.affinity.score(nodes), c.spread.score(nodes)
	best, highest := 0, int64(math.MinInt64)
	for i, n := range nodes {
		score := 2*liked[i] + 2*spread[i] + c.leastAllocated(n) + c.balanced(n)
		if score > highest {
			best, highest = i, score
		}
	}
	return nodes[best]
}

// leastAllocated prefers the node with the most room.
func (c *cycle) leastAllocated(n *node) int64 {
	used := plus(n.assumed, assumedRequests(c.pod))
	var sum, known int64
	for _, r := range []struct{ used, has int64 }{
		{used.Cpu().MilliValue(), n.Status.Allocatable.Cpu().MilliValue()},
		{used.Memory().Value(), n.Status.Allocatable.Memory().Value()},
	} {
		if r.has > 0 {
			known++
			sum += max(0, r.has-r.used) * maxScore / r.has
		}
	}
	if known == 0 {
		return 0
	}
	return sum / known
}

// balanced prefers the node whose CPU and memory are used to the same degree.
func (c *cycle) balanced(n *node) int64 {
	cpu, memory := n.Status.Allocatable.Cpu().MilliValue(), n.Status.Allocatable.Memory().Value()
	if len(c.requests) == 0 || cpu == 0 || memory == 0 {
		return 0
	}
	used := plus(n.requested, c.requests)
	difference := min(1, float64(used.Cpu().MilliValue())/float64(cpu)) - min(1, float64(used.Memory().Value())/float64(memory))
	return int64((1 - math.Abs(difference/2)) * maxScore)
}
