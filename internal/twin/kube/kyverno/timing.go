package kyverno

import (
	"maps"
	"reflect"
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// WebhookDelay is how long after a policy its webhook is registered:
// https://github.com/kyverno/kyverno/issues/1784
const WebhookDelay = 20 * time.Second

// CompileDelay is an estimate: the event of the change, which is one among
// others in a queue, and the compilation in each of Kyverno's replicas.
const CompileDelay = 2 * time.Second

// webhook is what Kyverno knows of a policy: when its webhook is registered,
// whether an operation has waited until it was, and by which text it works.
type webhook struct {
	due     time.Time
	awaited bool
	text    policyText
}

// policyText is what a policy says, and what Kyverno goes by.
type policyText struct {
	newest, compiled obj.Map
	due              time.Time // when the newest is compiled
}

func (c *Controller) webhook(p *api.Object) *webhook {
	w := c.webhooks[p.UID()]
	if w == nil {
		w = &webhook{}
		c.webhooks[p.UID()] = w
	}
	return w
}

// registered reports whether Kyverno has registered a policy's webhook, which takes
// some time. A client that waits for it does not notice.
func (c *Controller) registered(p *api.Object) bool {
	w := c.webhook(p)
	if w.due.IsZero() {
		w.due = c.mgr.World.Now().Add(WebhookDelay)
	}
	if c.mgr.World.Now().Before(w.due) {
		c.mgr.WakeAt(w.due)
		return false
	}
	return true
}

// AwaitWebhook lets the time pass until the webhook of a policy is registered. It
// reports whether o is a policy that lacks its webhook.
func (c *Controller) AwaitWebhook(op *world.Op, o *api.Object) bool {
	w := c.webhooks[o.UID()]
	if w == nil || !c.mgr.World.Now().Before(w.due) {
		return false
	}
	op.Takes(w.due.Sub(c.mgr.World.Now()), LawPolicyReady)
	w.due, w.awaited = c.mgr.World.Now(), true
	c.mgr.Wake()
	return true
}

// inForce is a policy as Kyverno knows it.
func (c *Controller) inForce(p *api.Object) *api.Object {
	text, now := &c.webhook(p).text, c.mgr.World.Now()
	if spec := obj.At(p.Content, "spec"); !reflect.DeepEqual(spec, text.newest) {
		if text.newest != nil {
			text.due = now.Add(CompileDelay)
		}
		text.newest = obj.Copy(spec)
	}
	if !now.Before(text.due) {
		text.compiled = text.newest
	}
	known := *p
	known.Content = maps.Clone(p.Content)
	known.Content["spec"] = text.compiled
	return &known
}

// stale reports whether Kyverno still knows the former text of a policy.
func (c *Controller) stale(p *api.Object) bool {
	return c.mgr.World.Now().Before(c.webhook(p).text.due)
}

// wakeAtCompilation lets the webhook of a changed policy follow it.
func (c *Controller) wakeAtCompilation(p *api.Object) {
	if c.stale(p) {
		c.mgr.WakeAt(c.webhook(p).text.due)
	}
}
