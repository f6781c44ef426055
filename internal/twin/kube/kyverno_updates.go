package kube

import (
	"maps"
	"reflect"
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

var lawPolicyChanges = law.New(law.Injection, "changed-policies-work-later",
	"A policy that changes under its name works by its former text until Kyverno has compiled the new one; its conditions, which name no generation, stay true meanwhile, so there is nothing to wait for.",
	"https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/cel/policies/mpol/engine/reconciler.go")

// compileDelay is an estimate: the event of the change, which is one among
// others in a queue, and the compilation in each of Kyverno's replicas.
const compileDelay = 2 * time.Second

// policyText is what a policy says, and what Kyverno goes by.
type policyText struct {
	newest, compiled obj.Map
	due              time.Time // when the newest is compiled
}

// inForce is a policy as Kyverno knows it.
func (c *Cluster) inForce(p *api.Object) *api.Object {
	text, now := &c.webhook(p).text, c.World.Now()
	if spec := obj.At(p.Content, "spec"); !reflect.DeepEqual(spec, text.newest) {
		if text.newest != nil {
			text.due = now.Add(compileDelay)
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

// wakeAtCompilation lets the webhook of a changed policy follow it.
func (c *Cluster) wakeAtCompilation(p *api.Object) {
	if due := c.webhook(p).text.due; c.World.Now().Before(due) {
		c.WakeAt(due)
	}
}
