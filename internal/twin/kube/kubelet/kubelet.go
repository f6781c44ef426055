// Package kubelet starts pods: mounts, images, containers, probes and the programs
// of controllers.
package kubelet

import (
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/podidentity"
)

// Kubelet starts the pods of a cluster on their nodes.
type Kubelet struct {
	mgr      *controller.Manager
	network  *networkpolicy.Controller
	identity *podidentity.Agent
	programs []Program
	started  map[string]bool   // programs, by the uid of their pod
	ips      map[string]string // the addresses of pods, by their uid
}

// New returns the kubelet of all nodes of a cluster.
func New(mgr *controller.Manager, network *networkpolicy.Controller, identity *podidentity.Agent) *Kubelet {
	return &Kubelet{mgr: mgr, network: network, identity: identity, started: map[string]bool{}, ips: map[string]string{}}
}
