package kube

import (
	"maps"
	"slices"
	"testing"

	"eks-lattice/internal/twin/world"
)

// undisturbed checks that each cluster which takes itself for resting is: another
// pass of all its controllers changes nothing. Every test that makes, deletes or
// calls something asks this.
func (l *lab) undisturbed() {
	l.t.Helper()
	err := l.world.Do(world.Read, "undisturbed", func(op *world.Op) error {
		for _, c := range l.kube.live() {
			if !c.resting() {
				continue
			}
			was, troubles := c.state(), maps.Clone(c.trouble)
			c.pass(op)
			if c.state() != was {
				l.t.Errorf("%s rested at %+v, and a pass of its controllers led to %+v", c.eks.Name, was, c.state())
			}
			// The words may differ: a pod that is tried again has another name.
			if !maps.EqualFunc(c.trouble, troubles, sameLaw) {
				l.t.Errorf("%s rested, and a pass of its controllers changed what troubles them:\n%v\n%v", c.eks.Name, troubles, c.trouble)
			}
			c.rest.at, c.rest.known = c.state(), true
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
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
			all = append(all, c.rest.at)
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
		op := &world.Op{Kind: world.Read}
		for !c.resting() {
			c.reconcile(op)
		}
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
