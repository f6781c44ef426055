package kube

import (
	"time"

	"eks-lattice/internal/twin/world"
)

// state is what a pass of the controllers depends on, counted: two equal states
// of a cluster are the same one.
type state struct{ objects, notes, account int64 }

func (c *Cluster) state() state {
	return state{c.API.Changes(), c.API.Notes(), c.all.account.Changes()}
}

// rest is a state in which the controllers had nothing to do. It holds until
// something changes, or until the time of which a controller waits.
type rest struct {
	at    state
	known bool
	until time.Time // zero: no controller waits for a time
}

// resting tells whether another pass would do nothing.
func (c *Cluster) resting() bool {
	return c.rest.known && c.rest.at == c.state() && (c.rest.until.IsZero() || c.all.world.Now().Before(c.rest.until))
}

// wakeAt lets the controllers look again at a time, without any change before.
// They say so in each pass.
func (c *Cluster) wakeAt(t time.Time) {
	if c.rest.until.IsZero() || t.Before(c.rest.until) {
		c.rest.until = t
	}
}

// wake ends the rest: what a controller keeps to itself has changed.
func (c *Cluster) wake() { c.rest = rest{} }

// reconcile takes everything that runs in the cluster to where it comes to rest.
func (c *Cluster) reconcile(op *world.Op) {
	if c.resting() {
		return
	}
	for range 40 { // far more rounds than any chain of controllers is long
		before := c.state()
		c.pass(op)
		if now := c.state(); now.objects == before.objects {
			c.rest.at, c.rest.known = now, now == before
			return
		}
	}
}

// pass lets every controller work once.
func (c *Cluster) pass(op *world.Op) {
	c.wake()
	c.runWorkloads(op)
	c.runKyverno(op)
	c.runLattice(op)
	c.runExternalDNS(op)
	_ = c.API.Settle(op) // what is refused on the way stays and is looked at again
}
