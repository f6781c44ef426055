package scheduler

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// spread is plugin PodTopologySpread.
// https://github.com/kubernetes/kubernetes/tree/v1.35.0/pkg/scheduler/framework/plugins/podtopologyspread
type spread struct {
	pod        *corev1.Pod
	hard, soft []constraint
	defaults   bool // soft are those of the cluster, not of the pod
}

type constraint struct {
	key        string
	maxSkew    int
	minDomains int
	counts     func(*corev1.Pod) bool // pods that it is about
	eligible   func(*node) bool       // nodes that it is about
	found      map[string]int         // pods by value of the key, on all eligible nodes
}

// everywhere are the constraints of pods without any of their own.
var everywhere = []corev1.TopologySpreadConstraint{
	{TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway, MaxSkew: 3},
	{TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, MaxSkew: 5},
}

func newSpread(nodes []*node, pod *corev1.Pod) *spread {
	s := &spread{pod: pod}
	list := pod.Spec.TopologySpreadConstraints
	if len(list) == 0 {
		list, s.defaults = everywhere, true
	}
	for _, given := range list {
		c := newConstraint(pod, given)
		if s.defaults {
			c.counts = sameController(pod)
		}
		if given.WhenUnsatisfiable == corev1.DoNotSchedule {
			s.hard = append(s.hard, c)
		} else {
			s.soft = append(s.soft, c)
		}
	}
	for _, group := range [][]constraint{s.hard, s.soft} {
		for _, n := range nodes {
			count(n, pod.Namespace, group, s.defaults)
		}
	}
	return s
}

// sameController matches the pods that the pod's own controller created. Those
// of no controller are not spread.
func sameController(pod *corev1.Pod) func(*corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return func(p *corev1.Pod) bool {
		other := metav1.GetControllerOf(p)
		return owner != nil && other != nil && owner.UID == other.UID
	}
}

func newConstraint(pod *corev1.Pod, given corev1.TopologySpreadConstraint) constraint {
	selector := selectorOf(given.LabelSelector)
	same := labels.Set{}
	for _, key := range given.MatchLabelKeys {
		if value, ok := pod.Labels[key]; ok {
			same[key] = value
		}
	}
	c := constraint{
		key: given.TopologyKey, maxSkew: int(given.MaxSkew), minDomains: 1, found: map[string]int{},
		counts: func(p *corev1.Pod) bool {
			return !selector.Empty() && selector.Matches(labels.Set(p.Labels)) && same.AsSelector().Matches(labels.Set(p.Labels))
		},
		eligible: func(n *node) bool {
			if given.NodeTaintsPolicy != nil && *given.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor {
				hard := func(t *corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }
				if _, kept := scheduling.FindMatchingUntoleratedTaint(klog.Logger{}, n.Spec.Taints, pod.Spec.Tolerations, hard, false); kept {
					return false
				}
			}
			if given.NodeAffinityPolicy != nil && *given.NodeAffinityPolicy == corev1.NodeInclusionPolicyIgnore {
				return true
			}
			match, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(n.Node)
			return err == nil && match
		},
	}
	if given.MinDomains != nil {
		c.minDomains = int(*given.MinDomains)
	}
	return c
}

// count adds a node's pods to the constraints that it is about. It must have all
// their keys, except for those of the cluster.
func count(n *node, namespace string, group []constraint, defaults bool) {
	for _, c := range group {
		if _, ok := n.Labels[c.key]; !ok && !defaults {
			return
		}
	}
	for _, c := range group {
		if value, ok := n.Labels[c.key]; ok && c.eligible(n) {
			c.found[value] += n.matching(c, namespace)
		}
	}
}

func (n *node) matching(c constraint, namespace string) int {
	found := 0
	for _, p := range n.pods {
		if p.DeletionTimestamp == nil && p.Namespace == namespace && c.counts(p) {
			found++
		}
	}
	return found
}

func (s *spread) filter(n *node) *failure {
	for _, c := range s.hard {
		value, ok := n.Labels[c.key]
		if !ok {
			return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")
		}
		fewest := math.MaxInt32
		for _, pods := range c.found {
			fewest = min(fewest, pods)
		}
		if len(c.found) < c.minDomains {
			fewest = 0
		}
		itself := 0
		if c.counts(s.pod) {
			itself = 1
		}
		if c.found[value]+itself-fewest > c.maxSkew {
			return resolvable("node(s) didn't match pod topology spread constraints")
		}
	}
	return nil
}

// score prefers nodes and zones with few of the pods, from 0 to 100.
func (s *spread) score(nodes []*node) []int64 {
	scores := make([]int64, len(nodes))
	low, high := int64(math.MaxInt64), int64(0)
	for i, n := range nodes {
		var sum float64
		for _, c := range s.soft {
			value, ok := n.Labels[c.key]
			if !ok {
				continue
			}
			pods := c.found[value]
			if c.key == corev1.LabelHostname {
				pods = n.matching(c, s.pod.Namespace)
			}
			sum += float64(pods)*math.Log(float64(domains(nodes, c.key)+2)) + float64(c.maxSkew-1)
		}
		scores[i] = int64(math.Round(sum))
		low, high = min(low, scores[i]), max(high, scores[i])
	}
	for i, score := range scores {
		scores[i] = maxScore
		if high > 0 {
			scores[i] = maxScore * (high + low - score) / high
		}
	}
	return scores
}

// domains counts the values that a key has on nodes.
func domains(nodes []*node, key string) int {
	values := map[string]bool{}
	for _, n := range nodes {
		if value, ok := n.Labels[key]; ok {
			values[value] = true
		}
	}
	return len(values)
}
