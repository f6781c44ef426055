package controller

import (
	"testing"
	"time"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// A cluster does not rest beyond the time for which one of its controllers waits.
func TestTimeWakesControllers(t *testing.T) {
	t.Parallel()
	w := world.New()
	m := New(w, aws.New(w), &eks.Cluster{}, func(law.Warning) {})
	runs := 0
	due := world.Epoch.Add(time.Minute)
	m.Add(Func(func(*world.Op) {
		if runs++; w.Now().Before(due) {
			m.WakeAt(due)
		}
	}))
	w.Look(func() {
		for range 3 {
			m.Reconcile(&world.Op{Action: world.Read})
		}
		if runs != 1 || !m.Resting() {
			t.Errorf("awake before the time: %d runs", runs)
		}
		w.Pass(time.Minute)
		if m.Resting() {
			t.Error("at rest beyond the time")
		}
		m.Reconcile(&world.Op{Action: world.Read})
		if runs != 2 || !m.Resting() {
			t.Errorf("%d runs at the time, want 2", runs)
		}
	})
}
