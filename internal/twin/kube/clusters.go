// Package kube is the Kubernetes half of the twin: the API server of every EKS
// cluster with the controllers, webhooks, charts and nodes that the system is
// made of, behind the Pulumi provider for Kubernetes.
//
// All of it is guarded by the world's lock. Controllers do not run in the
// background: they are taken to their end within the operation that gives them
// something to do.
package kube

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
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
			cl.reconcile(op)
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

func (c *Clusters) warn(l law.Law, format string, args ...any) {
	c.warnings = append(c.warnings, l.Warn(format, args...))
}

// Cluster is one cluster: its API server and what runs in it.
type Cluster struct {
	all       *Clusters
	eks       *aws.EKSCluster
	API       *api.Server
	releases  map[string]*release  // by namespace/name
	processes map[string]*process  // of controllers, by the uid of their pod
	trouble   map[api.Key]trouble  // why an object is not where it should be, for those who wait for it
	ips       map[string]string    // the addresses of pods, by their uid
	held      map[string]string    // the role whose credentials a pod got at its start, by its uid
	borrowed  map[string][2]string // for the time of a call: whose association a namespace uses
	// webhooks are those of the policies, by the policy's uid.
	webhooks map[string]*webhook
	// controllers are what works in the cluster; working is the one that does so now.
	controllers []*controller
	working     *controller
}

// cluster returns the Kubernetes side of an EKS cluster.
func (c *Clusters) cluster(eks *aws.EKSCluster) *Cluster {
	if have := c.clusters[eks.Endpoint]; have != nil {
		have.eks = eks
		return have
	}
	cl := &Cluster{
		all: c, eks: eks, API: api.New(c.world, eks.ARN),
		releases: map[string]*release{}, processes: map[string]*process{}, trouble: map[api.Key]trouble{}, ips: map[string]string{}, held: map[string]string{}, borrowed: map[string][2]string{}, webhooks: map[string]*webhook{},
	}
	cl.API.Admit = cl.admit
	cl.controllers = newControllers(cl)
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

// acting is the operation under which a controller acts for an object: the
// engine's own when it is about that object, else one that only carries who is
// behind it, so that records in AWS keep the right maker.
func acting(op *world.Op, o *api.Object) *world.Op {
	if op != nil && op.URN == o.URN {
		return op
	}
	kind := world.Update
	if op != nil {
		kind = op.Action
	}
	return &world.Op{URN: o.URN, Action: kind}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// trouble is why a controller could not do its work on an object.
type trouble struct {
	law  law.Law
	text string
}

// blame remembers why an object is not where it should be.
func (c *Cluster) blame(o *api.Object, l law.Law, format string, args ...any) {
	c.trouble[o.Key] = trouble{l, fmt.Sprintf(format, args...)}
}

// fail is blame with the law that an error broke, if it says so.
func (c *Cluster) fail(o *api.Object, otherwise law.Law, err error) {
	if r := (*law.Refusal)(nil); errors.As(err, &r) {
		otherwise = r.Law
	}
	c.blame(o, otherwise, "%s", message(err))
}

func (c *Cluster) clear(o *api.Object) { delete(c.trouble, o.Key) }
