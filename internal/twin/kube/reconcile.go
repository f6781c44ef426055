package kube

import (
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/world"
)

// controller is a part of the cluster that works by itself. Its run is for all
// of its objects, and is called again when there is news for it: a change in a
// kind of objects that the last run read, a change in AWS, or a time that it
// waits for. What a controller keeps elsewhere it must not change behind its
// own back: see Cluster.wake.
type controller struct {
	run     func(*world.Op)
	reading *api.Reading // of the last run; nil: it has to run
	account int64        // the changes of the account until then
	until   time.Time    // zero: it waits for no time
}

// newControllers are all controllers, in the order in which they run.
func newControllers(c *Cluster) []*controller {
	return []*controller{
		{run: c.runWorkloads},
		{run: c.runNetworkPolicies},
		{run: c.runKyverno},
		{run: c.runLattice},
		{run: c.runExternalDNS},
		{run: func(op *world.Op) { _ = c.API.Settle(op) }}, // what is refused on the way stays and is looked at again
	}
}

func (c *Cluster) idle(ctl *controller) bool {
	return ctl.reading != nil && !c.API.News(ctl.reading) && ctl.account == c.all.account.Changes() &&
		(ctl.until.IsZero() || c.all.world.Now().Before(ctl.until))
}

// resting tells whether there is no news for any controller.
func (c *Cluster) resting() bool {
	for _, ctl := range c.controllers {
		if !c.idle(ctl) {
			return false
		}
	}
	return true
}

// wakeAt lets the controller that is running look again at a time, even if
// nothing has changed until then.
func (c *Cluster) wakeAt(t time.Time) {
	if c.working.until.IsZero() || t.Before(c.working.until) {
		c.working.until = t
	}
}

// wake lets every controller run again: something that is no object has changed.
func (c *Cluster) wake() {
	for _, ctl := range c.controllers {
		ctl.reading = nil
	}
}

// restAgain is for a cluster that was at rest and in which everything that
// happened since has been undone.
func (c *Cluster) restAgain() {
	for _, ctl := range c.controllers {
		c.API.Renew(ctl.reading)
		ctl.account = c.all.account.Changes()
	}
}

// reconcile takes everything that runs in the cluster to where it comes to rest.
func (c *Cluster) reconcile(op *world.Op) {
	for range 40 { // far more rounds than any chain of controllers is long
		before := c.API.Changes()
		for _, ctl := range c.controllers {
			if !c.idle(ctl) {
				c.work(op, ctl)
			}
		}
		if c.API.Changes() == before {
			return
		}
	}
}

// work lets a controller run once.
func (c *Cluster) work(op *world.Op, ctl *controller) {
	c.working = ctl
	ctl.until, ctl.account = time.Time{}, c.all.account.Changes()
	ctl.reading = c.API.Watch(func() { ctl.run(op) })
}
