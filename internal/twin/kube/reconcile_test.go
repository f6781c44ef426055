package kube

import (
	"maps"
	"slices"
	"testing"

	"eks-lattice/internal/twin/world"
)

// undisturbed checks that each cluster which takes itself for resting is: another
// run of all its controllers changes nothing. Every test that makes, deletes or
// calls something asks this.
func (l *lab) undisturbed() {
	l.t.Helper()
	err := l.world.Do(world.Read, "undisturbed", func(op *world.Op) error {
		for _, c := range l.kube.live() {
			if !c.resting() {
				continue
			}
			was, troubles := l.state(c), maps.Clone(c.trouble)
			for _, ctl := range c.controllers {
				c.work(op, ctl)
			}
			if now := l.state(c); now != was {
				l.t.Errorf("%s rested at %+v, and another run of its controllers led to %+v", c.eks.Name, was, now)
			}
			// The words may differ: a pod that is tried again has another name.
			if !maps.EqualFunc(c.trouble, troubles, sameLaw) {
				l.t.Errorf("%s rested, and another run of its controllers changed what troubles them:\n%v\n%v", c.eks.Name, troubles, c.trouble)
			}
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// state counts what controllers can change.
type state struct {
	events, account int64
	notes           int
}

func (l *lab) state(c *Cluster) state {
	s := state{events: c.API.Events(), account: l.account.Changes()}
	for _, o := range c.API.All() {
		s.notes += len(o.Dependencies) + len(o.DeletionDependencies)
	}
	return s
}

func sameLaw(a, b trouble) bool { return a.law.ID == b.law.ID }

// TestCallsLeaveClustersAtRest shows what a rehearsal's time hangs on: neither
// calls nor reads make controllers work.
func TestCallsLeaveClustersAtRest(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	l.call(demo, "http://demo-two.example.com")
	at := func() (all []state) {
		for _, c := range l.kube.live() {
			if !c.resting() {
				t.Errorf("%s is not at rest", c.eks.Name)
			}
			all = append(all, l.state(c))
		}
		return all
	}
	before := at()
	l.call(demo, "https://demo-two.example.com")
	l.refresh("eks-one.deployment")
	if after := at(); !slices.Equal(before, after) {
		t.Errorf("a call of a running pod and a read led from %+v to %+v", before, after)
	}
	l.call(Caller{Cluster: "eks-one", Namespace: "elsewhere", Injected: true}, "http://demo-two.example.com")
	at()
}

// TestTimeWakesControllers shows that a cluster does not rest beyond the time
// for which one of its controllers waits.
func TestTimeWakesControllers(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "eks-cluster1")
	c := l.kube.byName("eks-cluster1")
	l.world.Look(func() {
		op := &world.Op{Action: world.Read}
		for !c.resting() {
			c.reconcile(op)
		}
		c.working = c.controllers[0]
		c.wakeAt(l.world.Now().Add(webhookDelay))
		if !c.resting() {
			t.Error("awake before the time")
		}
		l.world.Pass(webhookDelay)
		if c.resting() {
			t.Error("at rest beyond the time")
		}
	})
}
