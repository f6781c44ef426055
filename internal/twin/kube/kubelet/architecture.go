package kubelet

import (
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// amd64Only are the repositories whose images exist for x86_64 only. Their build
// installs x86_64 programs, or names no other platform.
// https://github.com/aws-ia/terraform-aws-eks-blueprints/tree/main/patterns/vpc-lattice/cross-cluster-pod-communication
var amd64Only = []string{"seb-demo/http-server", "seb-demo/envoy-sigv4"}

// architecture refuses images that do not run on the pod's node.
func (k *Kubelet) architecture(pod *api.Object) error {
	group := k.mgr.NodeGroup(obj.Str(pod.Content, "spec", "nodeName"))
	if group.Architecture() == "amd64" {
		return nil
	}
	for _, container := range pods.Containers(pod) {
		for _, repository := range amd64Only {
			if image := obj.Str(container, "image"); strings.Contains(image, "/"+repository+":") || strings.Contains(image, "/"+repository+"@") {
				return LawArchitecture.Refuse("", "CrashLoopBackOff: %s: exec format error: image %s has no version for %s",
					obj.Str(container, "name"), image, group.Architecture())
			}
		}
	}
	return nil
}
