package kube

import (
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/world"
)

// addControllers adds all controllers in the order in which they run.
func (c *Cluster) addControllers() {
	c.Add(
		c.workloads, c.network, c.kyverno, c.gateway, c.dns,
		controller.Func(func(op *world.Op) { _ = c.API.Settle(op) }), // what is refused on the way stays and is looked at again
	)
}
