// Package lawtest runs the counterexamples of laws: for each law, a program or a
// behaviour that the law forbids.
package lawtest

import (
	"fmt"
	"maps"
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
	examples := slices.Concat(lists...)
	for _, p := range problems(strings.TrimSuffix(caller[:strings.LastIndex(caller, ".")], "_test"), law.All(), examples) {
		t.Error(p)
	}
	for _, c := range examples {
		t.Run(c.Law.ID, func(t *testing.T) {
			t.Parallel()
			if got := c.Break(t); got.ID != c.Law.ID {
				t.Errorf("the counterexample met law %q", got.ID)
			}
		})
	}
}

// problems compares the laws of a package with the counterexamples.
func problems(pkg string, laws []law.Law, examples []Counterexample) (found []string) {
	count := map[string]int{}
	for _, l := range laws {
		if l.Package == pkg {
			count[l.ID] = 0
		}
	}
	if len(count) == 0 {
		found = append(found, pkg+" registers no law")
	}
	for _, c := range examples {
		if _, own := count[c.Law.ID]; !own {
			found = append(found, fmt.Sprintf("law %q is not one of %s", c.Law.ID, pkg))
			continue
		}
		count[c.Law.ID]++
	}
	for _, id := range slices.Sorted(maps.Keys(count)) {
		if count[id] != 1 {
			found = append(found, fmt.Sprintf("law %s has %d counterexamples, want 1", id, count[id]))
		}
	}
	return found
}
