// Package kube is the Kubernetes half of the twin: the API server of every EKS
// cluster with the controllers, webhooks, charts and nodes that the system is
// made of, behind the Pulumi provider for Kubernetes.
//
// All of it is guarded by the world's lock. Controllers do not run in the
// background: they are taken to their end within the operation that gives them
// something to do.
package kube

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
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
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Clusters are the Kubernetes APIs of an account's EKS clusters.
type Clusters struct {
	world    *world.World
	account  *aws.Account
	clusters map[string]*Cluster // by endpoint
	warnings []law.Warning
}

// New returns the clusters of an account; there is one for every EKS cluster as
// soon as somebody connects to it.
func New(w *world.World, account *aws.Account) *Clusters {
	c := &Clusters{world: w, account: account, clusters: map[string]*Cluster{}}
	account.OnChange = func(op *world.Op) error {
		for _, cl := range c.live() {
			cl.Reconcile(op)
		}
		return nil
	}
	return c
}

// Backend is the Pulumi provider for Kubernetes.
func (c *Clusters) Backend() engine.Backend { return &backend{c} }

// Warnings lists what a real cluster accepts silently although nobody means it:
// Helm values that no chart reads, for one.
func (c *Clusters) Warnings() []law.Warning {
	return slices.Compact(slices.SortedFunc(slices.Values(c.warnings), law.Warning.Compare))
}

// Cluster is one cluster: its API server and what runs in it.
type Cluster struct {
	*controller.Manager
	all       *Clusters
	helm      *helm.Releases
	kyverno   *kyverno.Controller
	network   *networkpolicy.Controller
	identity  *podidentity.Agent
	kubelet   *kubelet.Kubelet
	workloads *workloads.Controller
	gateway   *gatewaycontroller.Controller
	dns       *externaldns.Controller
}

// cluster returns the Kubernetes side of an EKS cluster.
func (c *Clusters) cluster(eks *aws.EKSCluster) *Cluster {
	if have := c.clusters[eks.Endpoint]; have != nil {
		have.EKS = eks
		return have
	}
	cl := &Cluster{
		Manager: controller.New(c.world, c.account, eks, func(w law.Warning) { c.warnings = append(c.warnings, w) }),
		all:     c,
	}
	cl.network = networkpolicy.New(cl.Manager)
	cl.identity = podidentity.New(cl.Manager)
	cl.kubelet = kubelet.New(cl.Manager, cl.network, cl.identity)
	cl.workloads = workloads.New(cl.Manager, cl.kubelet)
	cl.gateway = gatewaycontroller.New(cl.Manager, cl.kubelet, cl.identity)
	cl.dns = externaldns.New(cl.Manager, cl.kubelet, cl.identity)
	cl.helm = helm.New(cl.Manager)
	cl.kyverno = kyverno.New(cl.Manager, cl.helm, admission.New(cl.API, cl.identity.Inject))
	cl.addControllers()
	c.clusters[eks.Endpoint] = cl
	return cl
}

// byName finds a live cluster by its EKS name.
func (c *Clusters) byName(name string) *Cluster {
	eks := c.account.ClusterByName(name)
	if eks == nil {
		return nil
	}
	return c.cluster(eks)
}

// live are the clusters whose EKS cluster exists, by name.
func (c *Clusters) live() []*Cluster {
	var out []*Cluster
	for _, eks := range c.account.Clusters() {
		out = append(out, c.cluster(eks))
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
