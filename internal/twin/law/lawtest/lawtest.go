// Package lawtest runs the counterexamples of laws: for each law, a program or a
// behaviour that the law forbids.
package lawtest

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/law"
)

// Counterexample breaks one law on purpose.
type Counterexample struct {
	Law law.Law
	// Break does what the law forbids, and returns the law that the twin named: in
	// a refusal, the answer of a call, a warning or an operation's duration.
	Break func(t *testing.T) law.Law
}

// Run runs the counterexamples of the calling package's laws, each in a parallel
// subtest of the law's id. It fails for a law of the package that has none or
// more than one, and when the twin named another law.
func Run(t *testing.T, lists ...[]Counterexample) {
	t.Helper()
	pc, _, _, _ := runtime.Caller(1)
	caller := runtime.FuncForPC(pc).Name() // eks-lattice/internal/twin/aws_test.TestLaws
	pkg := strings.TrimSuffix(caller[:strings.LastIndex(caller, ".")], "_test")
	var left []string
	for _, l := range law.All() {
		if l.Package == pkg {
			left = append(left, l.ID)
		}
	}
	if len(left) == 0 {
		t.Fatalf("%s registers no law", pkg)
	}
	for _, c := range slices.Concat(lists...) {
		i := slices.Index(left, c.Law.ID)
		if i < 0 {
			t.Errorf("law %s has more than one counterexample, or is another package's", c.Law.ID)
			continue
		}
		left = slices.Delete(left, i, i+1)
		t.Run(c.Law.ID, func(t *testing.T) {
			t.Parallel()
			if got := c.Break(t); got.ID != c.Law.ID {
				t.Errorf("the counterexample met law %q", got.ID)
			}
		})
	}
	for _, id := range left {
		t.Errorf("law %s has no counterexample", id)
	}
}
