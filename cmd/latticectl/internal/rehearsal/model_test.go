package rehearsal

import (
	"reflect"
	"testing"
	"time"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// What a law was the reason of is counted by what it caused.
func TestLawsMet(t *testing.T) {
	t.Parallel()
	laws := law.All()
	first, second, never := laws[0], laws[1], laws[2]
	slow := world.Op{Action: world.Create}
	slow.Takes(time.Second, first)
	got := met(
		[]world.Op{slow, {Err: second.Refuse("Conflict", "no")}, {}},
		[]world.Dependency{{Law: first}, {Law: first}},
		[]report.Row{{Law: second.ID}, {}},
		[]law.Warning{first.Warn("look")},
	)
	entry := func(l law.Law) report.Law {
		return report.Law{ID: l.ID, Group: string(l.Group), Sentence: l.Sentence, Source: l.Source}
	}
	a, b := entry(first), entry(second)
	a.Dependencies, a.Durations, a.Warnings, b.Refusals = 2, 1, 1, 2
	if want := []report.Law{a, b}; !reflect.DeepEqual(got, want) {
		t.Errorf("met %+v, want %+v and nothing of %s", got, want, never.ID)
	}
}
