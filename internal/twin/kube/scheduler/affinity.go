package scheduler

import (
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// affinity is plugin InterPodAffinity.
// https://github.com/kubernetes/kubernetes/tree/v1.35.0/pkg/scheduler/framework/plugins/interpodaffinity
type affinity struct {
	pod                      *corev1.Pod
	terms                    terms
	near, apart, keptApartBy map[place]int   // matching pods by place, for the pod's terms and against those of others
	first                    bool            // of pods that are to be near each other
	liked                    map[place]int64 // what preferred terms are worth
}

// place is one value of a topology, such as a zone.
type place struct{ key, value string }

// terms are a pod's affinity terms.
type terms struct {
	near, apart           []term
	likesNear, likesApart []term
}

type term struct {
	key        string
	weight     int64
	selector   labels.Selector
	namespaces []string
	anywhere   labels.Selector // by labels of the namespace
}

func termsOf(pod *corev1.Pod) (t terms) {
	a := pod.Spec.Affinity
	if a == nil {
		return t
	}
	if near := a.PodAffinity; near != nil {
		t.near = requiredTerms(pod, near.RequiredDuringSchedulingIgnoredDuringExecution)
		t.likesNear = preferredTerms(pod, near.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if apart := a.PodAntiAffinity; apart != nil {
		t.apart = requiredTerms(pod, apart.RequiredDuringSchedulingIgnoredDuringExecution)
		t.likesApart = preferredTerms(pod, apart.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	return t
}

func requiredTerms(pod *corev1.Pod, list []corev1.PodAffinityTerm) []term {
	out := make([]term, len(list))
	for i, t := range list {
		out[i] = newTerm(pod, t, 1)
	}
	return out
}

func preferredTerms(pod *corev1.Pod, list []corev1.WeightedPodAffinityTerm) []term {
	out := make([]term, len(list))
	for i, t := range list {
		out[i] = newTerm(pod, t.PodAffinityTerm, int64(t.Weight))
	}
	return out
}

func newTerm(pod *corev1.Pod, t corev1.PodAffinityTerm, weight int64) term {
	namespaces := t.Namespaces
	if len(namespaces) == 0 && t.NamespaceSelector == nil {
		namespaces = []string{pod.Namespace}
	}
	return term{
		key: t.TopologyKey, weight: weight, selector: selectorOf(t.LabelSelector),
		namespaces: namespaces, anywhere: selectorOf(t.NamespaceSelector),
	}
}

// selectorOf matches nothing where there is no selector or one that the API
// server would have refused.
func selectorOf(s *metav1.LabelSelector) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return labels.Nothing()
	}
	return selector
}

func (c *Cluster) matches(t term, pod *corev1.Pod) bool {
	return (slices.Contains(t.namespaces, pod.Namespace) || t.anywhere.Matches(c.namespaces[pod.Namespace])) &&
		t.selector.Matches(labels.Set(pod.Labels))
}

func (c *Cluster) newAffinity(pod *corev1.Pod) *affinity {
	a := &affinity{
		pod: pod, terms: termsOf(pod), near: map[place]int{}, apart: map[place]int{}, keptApartBy: map[place]int{}, liked: map[place]int64{},
	}
	for _, n := range c.nodes {
		for _, other := range n.pods {
			a.count(c, n, other)
		}
	}
	a.first = len(a.near) == 0 && c.matchesAll(a.terms.near, pod)
	return a
}

// count takes a pod of a node into account.
func (a *affinity) count(c *Cluster, n *node, other *corev1.Pod) {
	others := termsOf(other)
	add := func(counts map[place]int, t term, match bool) {
		if value, ok := n.Labels[t.key]; ok && match {
			counts[place{t.key, value}]++
		}
	}
	together := c.matchesAll(a.terms.near, other)
	for _, t := range a.terms.near {
		add(a.near, t, together)
	}
	for _, t := range a.terms.apart {
		add(a.apart, t, c.matches(t, other))
	}
	for _, t := range others.apart {
		add(a.keptApartBy, t, c.matches(t, a.pod))
	}
	like := func(list []term, whom *corev1.Pod, sign int64) {
		for _, t := range list {
			if value, ok := n.Labels[t.key]; ok && c.matches(t, whom) {
				a.liked[place{t.key, value}] += sign * t.weight
			}
		}
	}
	like(a.terms.likesNear, other, 1)
	like(a.terms.likesApart, other, -1)
	like(others.near, a.pod, 1)
	like(others.likesNear, a.pod, 1)
	like(others.likesApart, a.pod, -1)
}

func (c *Cluster) matchesAll(list []term, pod *corev1.Pod) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(t term) bool { return !c.matches(t, pod) })
}

func (a *affinity) filter(n *node) *failure {
	for _, t := range a.terms.near {
		if value, ok := n.Labels[t.key]; !ok || !a.first && a.near[place{t.key, value}] == 0 {
			return unresolvable("node(s) didn't match pod affinity rules")
		}
	}
	for _, t := range a.terms.apart {
		if value, ok := n.Labels[t.key]; ok && a.apart[place{t.key, value}] > 0 {
			return resolvable("node(s) didn't match pod anti-affinity rules")
		}
	}
	for key, value := range n.Labels {
		if a.keptApartBy[place{key, value}] > 0 {
			return resolvable("node(s) didn't satisfy existing pods anti-affinity rules")
		}
	}
	return nil
}

// score says how much each node is liked, from 0 to 100.
func (a *affinity) score(nodes []*node) []int64 {
	scores := make([]int64, len(nodes))
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for i, n := range nodes {
		for key, value := range n.Labels {
			scores[i] += a.liked[place{key, value}]
		}
		low, high = min(low, scores[i]), max(high, scores[i])
	}
	for i := range scores {
		if high == low {
			scores[i] = 0
			continue
		}
		scores[i] = int64(maxScore * (float64(scores[i]-low) / float64(high-low)))
	}
	return scores
}
