package cluster

import (
	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/externaldns"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/world"
)

// Cluster is one cluster with everything that runs in it.
type Cluster struct {
	*controller.Manager
	Network   *networkpolicy.Controller
	Identity  *podidentity.Agent
	Kubelet   *kubelet.Kubelet
	Workloads *workloads.Controller
	Helm      *helm.Releases
	Kyverno   *kyverno.Controller
	Gateway   *gatewaycontroller.Controller
	DNS       *externaldns.Controller
}

func newCluster(mgr *controller.Manager) *Cluster {
	c := &Cluster{Manager: mgr, Network: networkpolicy.New(mgr), Identity: podidentity.New(mgr), Helm: helm.New(mgr)}
	c.Kubelet = kubelet.New(mgr, c.Network, c.Identity)
	c.Workloads = workloads.New(mgr, c.Kubelet)
	c.Kyverno = kyverno.New(mgr, c.Helm, admission.New(c.API, c.Identity.Inject))
	c.Gateway = gatewaycontroller.New(mgr, c.Kubelet, c.Identity)
	c.DNS = externaldns.New(mgr, c.Kubelet, c.Identity)
	c.Add(
		c.Workloads, controller.Func(c.Workloads.TrackEndpoints), c.Network, c.Kyverno, c.Gateway, c.DNS,
		controller.Func(func(op *world.Op) { _ = c.API.Settle(op) }), // what is refused on the way stays and is looked at again
	)
	return c
}
