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

func TestNeeds(t *testing.T) {
	t.Parallel()
	order := law.Law{ID: "some-order"}
	w := New()
	for _, op := range []struct {
		kind Kind
		f    func(*Op)
		err  error
	}{
		{Create, func(o *Op) { o.Need("maker", order); o.Need("maker", order) }, nil}, // said twice, counts once
		{Create, func(o *Op) { o.Need("", order); o.Need("me", order) }, nil},         // nobody's, and its own
		{Read, func(o *Op) { o.Need("maker", order) }, nil},                           // a look needs no order
		{Create, func(o *Op) { o.Need("other", order) }, errors.New("refused")},       // what failed proves nothing
		{Delete, func(o *Op) { o.NeedBy("route", "controller", order) }, nil},         // for somebody else
		{Create, func(o *Op) { o.NeedAfter("slow", 20*time.Second, order) }, nil},     // of use later
	} {
		_ = w.Do(op.kind, "me", func(o *Op) error { op.f(o); return op.err }) // the errors are the cases' own
	}
	want := []Need{
		{URN: "me", On: "maker", During: Create, Law: order, Why: order.ID},
		{URN: "route", On: "controller", During: Delete, Law: order, Why: order.ID},
		{URN: "me", On: "slow", During: Create, After: 20, Law: order, Why: order.ID},
	}
	if got := w.Needs(); !slices.Equal(got, want) {
		t.Errorf("needs are %+v, want %+v", got, want)
	}
}

func TestJournalAndClock(t *testing.T) {
	t.Parallel()
	w := New()
	_ = w.Do(Create, "a", func(o *Op) error { o.Takes(time.Minute); o.Takes(time.Second); return nil })
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
