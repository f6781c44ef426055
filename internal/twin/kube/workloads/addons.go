package workloads

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// addons are the pods of EKS's add-ons that the twin has no objects of, with what
// they request.
var addons = []struct {
	name     string
	replicas int // 0: one on each node
	requests corev1.ResourceList
}{
	// containers aws-node and aws-eks-nodeagent, 25m each
	// https://github.com/aws/amazon-vpc-cni-k8s/blob/master/charts/aws-vpc-cni/values.yaml
	{"vpc-cni", 0, requesting("50m", "0")},
	// https://github.com/kubernetes/kubernetes/blob/v1.35.0/cluster/addons/kube-proxy/kube-proxy-ds.yaml
	// https://github.com/aws/containers-roadmap/issues/1509
	{"kube-proxy", 0, requesting("100m", "0")},
	// https://github.com/aws/eks-pod-identity-agent/blob/main/charts/eks-pod-identity-agent/values.yaml
	{"eks-pod-identity-agent", 0, nil},
	// https://github.com/kubernetes/kubernetes/blob/v1.35.0/cluster/addons/dns/coredns/coredns.yaml.base
	{"coredns", 2, requesting("100m", "70Mi")},
}

func requesting(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// addonPods are the pods of the add-ons that run, not yet placed.
func (c *Controller) addonPods(nodes []*corev1.Node) []*corev1.Pod {
	var out []*corev1.Pod
	for _, a := range addons {
		if _, runs := c.mgr.Account.EKS.AddonRuns(c.mgr.EKS.Name, a.name); !runs {
			continue
		}
		for i := range a.replicas {
			pod := addonPod(a.name, i, a.requests)
			pod.Spec.Affinity = apart(pod.Labels)
			out = append(out, pod)
		}
		for i := range nodes {
			if a.replicas == 0 {
				pod := addonPod(a.name, i, a.requests)
				pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: nodes[i].Name}
				out = append(out, pod)
			}
		}
	}
	return out
}

func addonPod(name string, i int, requests corev1.ResourceList) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("%s-%d", name, i), Namespace: "kube-system", Labels: map[string]string{"addon": name},
	}}
	pod.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	pod.Spec.Containers = []corev1.Container{{Name: name, Resources: corev1.ResourceRequirements{Requests: requests}}}
	return pod
}

// apart spreads replicas over the nodes there are.
func apart(labels map[string]string) *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{
			TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: labels},
		}}},
	}}
}
