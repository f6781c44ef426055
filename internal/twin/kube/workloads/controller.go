// Package workloads is kube-controller-manager as far as workloads go, and the
// scheduler: Deployments, DaemonSets and where their pods are placed.
package workloads

import (
	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
)

// manager is the field manager of the controllers.
const manager = "kube-controller-manager"

// Controller works on Deployments, DaemonSets and pods.
type Controller struct {
	mgr     *controller.Manager
	kubelet *kubelet.Kubelet
	bound   map[string]*corev1.Pod // pods on nodes as the scheduler sees them, by uid
	drained map[string]bool        // nodes that take no more pods
}

// New returns the controller of a cluster.
func New(mgr *controller.Manager, k *kubelet.Kubelet) *Controller {
	return &Controller{mgr: mgr, kubelet: k, bound: map[string]*corev1.Pod{}, drained: map[string]bool{}}
}
