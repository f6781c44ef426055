package kube

import (
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/world"
)

// addControllers adds all controllers in the order in which they run.
func (c *Cluster) addControllers() {
	for _, run := range []controller.Func{
		c.runWorkloads, c.runNetworkPolicies, c.runKyverno, c.runLattice, c.runExternalDNS,
		func(op *world.Op) { _ = c.API.Settle(op) }, // what is refused on the way stays and is looked at again
	} {
		c.Add(run)
	}
}
