// Package gatewaycontroller is the AWS Gateway API Controller: it turns Gateways,
// routes and policies of a cluster into resources of VPC Lattice.
package gatewaycontroller

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/podidentity"
)

// Controller is the controller of a cluster, whichever of its pods leads.
type Controller struct {
	mgr       *controller.Manager
	kubelet   *kubelet.Kubelet
	identity  *podidentity.Agent
	processes map[string]*memory // by the uid of their pod
}

// memory is what a process of the controller keeps while it runs.
type memory struct {
	kubelet.Process
	seen        map[api.Key]string // what it last looked at, see leader.looked
	conflicts   map[string]int64   // generations of routes that are not tried again, by uid
	dnsEndpoint bool               // whether DNSEndpoint was served when the process started
}

// New returns the controller of a cluster. Pods of its image run it.
func New(mgr *controller.Manager, k *kubelet.Kubelet, identity *podidentity.Agent) *Controller {
	c := &Controller{mgr: mgr, kubelet: k, identity: identity, processes: map[string]*memory{}}
	k.Add(c)
	return c
}

// Image is the controller's.
func (c *Controller) Image() string { return "aws-gateway-controller" }
