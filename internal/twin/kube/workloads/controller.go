// Package workloads is kube-controller-manager as far as workloads go, and the
// scheduler: Deployments, DaemonSets and where their pods are placed.
package workloads

import (
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
)

// manager is the field manager of the controllers.
const manager = "kube-controller-manager"

// Controller works on Deployments, DaemonSets and pods.
type Controller struct {
	mgr     *controller.Manager
	kubelet *kubelet.Kubelet
}

// New returns the controller of a cluster.
func New(mgr *controller.Manager, k *kubelet.Kubelet) *Controller { return &Controller{mgr, k} }
