package kube_test

import (
	"maps"
	"slices"
	"testing"

	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/world"
)

// undisturbed checks that each cluster which takes itself for resting is: another
// run of all its controllers changes nothing. Every test that makes, deletes or
// calls something asks this.
func (l *lab) undisturbed() {
	l.t.Helper()
	err := l.world.Do(world.Read, "undisturbed", func(op *world.Op) error {
		for _, c := range l.clusters.Live() {
			if !c.Resting() {
				continue
			}
			was, troubles := l.state(c), c.Troubles()
			c.RunAll(op)
			if now := l.state(c); now != was {
				l.t.Errorf("%s rested at %+v, and another run of its controllers led to %+v", c.EKS.Name, was, now)
			}
			// The words may differ: a pod that is tried again has another name.
			if !maps.EqualFunc(c.Troubles(), troubles, sameLaw) {
				l.t.Errorf("%s rested, and another run of its controllers changed what troubles them:\n%v\n%v", c.EKS.Name, troubles, c.Troubles())
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

func (l *lab) state(c *cluster.Cluster) state {
	s := state{events: c.API.Events(), account: l.account.Changes()}
	for _, o := range c.API.All() {
		s.notes += len(o.Dependencies) + len(o.DeletionDependencies)
	}
	return s
}

func sameLaw(a, b controller.Trouble) bool { return a.Law == b.Law }

// TestCallsLeaveClustersAtRest shows what a rehearsal's time hangs on: neither
// calls nor reads make controllers work.
func TestCallsLeaveClustersAtRest(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	l.call(demo, "http://demo-two.example.com")
	at := func() (all []state) {
		for _, c := range l.clusters.Live() {
			if !c.Resting() {
				t.Errorf("%s is not at rest", c.EKS.Name)
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
	l.call(call.Caller{Cluster: "eks-one", Namespace: "elsewhere", Injected: true}, "http://demo-two.example.com")
	at()
}
