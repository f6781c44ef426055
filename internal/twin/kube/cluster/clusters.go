// Package cluster is the Kubernetes side of an account's EKS clusters: the API
// server of each with the controllers, webhooks, charts and nodes that a cluster
// is made of.
//
// The world's lock guards all of it. Controllers do not run in the background:
// the operation that gives them something to do takes them to their end.
package cluster

import (
	"slices"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Clusters are the Kubernetes APIs of an account's EKS clusters.
type Clusters struct {
	World    *world.World
	Account  *aws.Account
	clusters map[string]*Cluster // by endpoint
	warnings []law.Warning
}

// New returns the clusters of an account: one for every EKS cluster.
func New(w *world.World, account *aws.Account) *Clusters {
	c := &Clusters{World: w, Account: account, clusters: map[string]*Cluster{}}
	account.OnChange = func(op *world.Op) error {
		for _, cl := range c.Live() {
			cl.Reconcile(op)
		}
		return nil
	}
	account.OnDrain = func(op *world.Op, cluster, node string) error {
		return c.ByName(cluster).Workloads.Drain(op, node)
	}
	return c
}

// Warnings lists what a real cluster accepts silently although it is a mistake:
// Helm values that no chart reads, for one.
func (c *Clusters) Warnings() []law.Warning {
	return slices.SortedFunc(slices.Values(c.warnings), law.Warning.Compare)
}

// warn records a warning once: controllers meet the same mistake again and again.
func (c *Clusters) warn(w law.Warning) {
	if !slices.Contains(c.warnings, w) {
		c.warnings = append(c.warnings, w)
	}
}

// Of returns the Kubernetes side of an EKS cluster.
func (c *Clusters) Of(eks *eks.Cluster) *Cluster {
	if have := c.clusters[eks.Endpoint]; have != nil {
		have.EKS = eks
		return have
	}
	cl := newCluster(controller.New(c.World, c.Account, eks, c.warn))
	c.clusters[eks.Endpoint] = cl
	return cl
}

// ByName finds a live cluster by its EKS name.
func (c *Clusters) ByName(name string) *Cluster {
	eks := c.Account.EKS.ClusterByName(name)
	if eks == nil {
		return nil
	}
	return c.Of(eks)
}

// Live returns the clusters whose EKS cluster exists, by name.
func (c *Clusters) Live() []*Cluster {
	var out []*Cluster
	for _, eks := range c.Account.EKS.Clusters() {
		out = append(out, c.Of(eks))
	}
	return out
}
