package world

import (
	"errors"
	"slices"
	"testing"
	"time"

	"eks-lattice/internal/twin/law"
)

func TestIDsDependOnTheScopeAlone(t *testing.T) {
	t.Parallel()
	one, two := New(), New()
	var first, second []string
	one.Look(func() { first = []string{one.ID("a", 17), one.ID("a", 17), one.ID("b", 17)} })
	// In another order, as when the engine interleaves differently.
	two.Look(func() { b := two.ID("b", 17); second = []string{two.ID("a", 17), two.ID("a", 17), b} })
	for i := range first {
		if first[i] != second[i] || len(first[i]) != 17 {
			t.Errorf("id %d is %s in one world and %s in the other", i, first[i], second[i])
		}
	}
	if first[0] == first[1] || first[0] == first[2] {
		t.Errorf("ids repeat: %v", first)
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	order := law.Law{ID: "some-order"}
	w := New()
	for _, op := range []struct {
		action Action
		f      func(*Op)
		err    error
	}{
		{Create, func(o *Op) { o.DependsOn("vpc", order); o.DependsOn("vpc", order) }, nil}, // recorded once
		{Create, func(o *Op) { o.DependsOn("", order); o.DependsOn("me", order) }, nil},     // the twin itself, and its own
		{Read, func(o *Op) { o.DependsOn("vpc", order) }, nil},                              // reads need no order
		{Create, func(o *Op) { o.DependsOn("other", order) }, errors.New("refused")},        // a failure proves nothing
		{Delete, func(o *Op) { o.DependsFor("route", "controller", order) }, nil},           // for another resource
		{Create, func(o *Op) { o.DependsOnAfter("slow", 20*time.Second, order) }, nil},      // of use later
	} {
		_ = w.Do(op.action, "me", func(o *Op) error { op.f(o); return op.err }) // the errors are the cases' own
	}
	want := []Dependency{
		{Dependent: "me", On: "vpc", During: Create, Law: order},
		{Dependent: "route", On: "controller", During: Delete, Law: order},
		{Dependent: "me", On: "slow", During: Create, After: 20, Law: order},
	}
	if got := w.Dependencies(); !slices.Equal(got, want) {
		t.Errorf("dependencies are %+v, want %+v", got, want)
	}
}

func TestJournalAndClock(t *testing.T) {
	t.Parallel()
	w := New()
	_ = w.Do(Create, "a", func(o *Op) error { o.Takes(time.Minute, law.Law{}); o.Takes(time.Second, law.Law{}); return nil })
	refusal := errors.New("refused")
	if err := w.Do(Delete, "a", func(*Op) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("Do returned %v, want the refusal", err)
	}
	journal := w.Journal()
	if len(journal) != 2 || journal[0].Seconds != 61 || journal[1].Err == nil {
		t.Fatalf("the journal is %+v", journal)
	}
	if !journal[0].Started.Equal(Epoch) || !journal[1].Started.Equal(Epoch.Add(61*time.Second)) {
		t.Errorf("operations started at %s and %s", journal[0].Started, journal[1].Started)
	}
}
