package kubetest

import (
	"maps"

	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/world"
)

// undisturbed checks that each cluster which takes itself for resting is: another
// run of all its controllers changes nothing.
func undisturbed(h *Harness) {
	h.T.Helper()
	err := h.World.Do(world.Read, "undisturbed", func(op *world.Op) error {
		for _, c := range h.Clusters.Live() {
			if !c.Resting() {
				continue
			}
			was, troubles := StateOf(c), c.Troubles()
			c.RunAll(op)
			if now := StateOf(c); now != was {
				h.T.Errorf("%s rested at %+v, and another run of its controllers led to %+v", c.EKS.Name, was, now)
			}
			// The words may differ: a pod that is tried again has another name.
			if !maps.EqualFunc(c.Troubles(), troubles, func(a, b controller.Trouble) bool { return a.Law == b.Law }) {
				h.T.Errorf("%s rested, and another run of its controllers changed what troubles them:\n%v\n%v", c.EKS.Name, troubles, c.Troubles())
			}
		}
		return nil
	})
	if err != nil {
		h.T.Fatal(err)
	}
}

// State counts what controllers can change.
type State struct{ Events, Account, Dependencies int64 }

// StateOf returns the state of a cluster. Call it inside World.Do or World.Look.
func StateOf(c *cluster.Cluster) State {
	s := State{Events: c.API.Events(), Account: c.Account.Changes()}
	for _, o := range c.API.All() {
		s.Dependencies += int64(len(o.Dependencies) + len(o.DeletionDependencies))
	}
	return s
}
