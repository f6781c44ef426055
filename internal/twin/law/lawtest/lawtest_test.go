package lawtest

import (
	"slices"
	"testing"

	"eks-lattice/internal/twin/law"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	a, b, other := law.Law{ID: "a", Package: "p"}, law.Law{ID: "b", Package: "p"}, law.Law{ID: "x", Package: "q"}
	laws := []law.Law{a, b, other}
	for name, c := range map[string]struct {
		pkg      string
		examples []Counterexample
		want     []string
	}{
		"one each":        {"p", []Counterexample{{Law: a}, {Law: b}}, nil},
		"one is missing":  {"p", []Counterexample{{Law: a}}, []string{"law b has 0 counterexamples, want 1"}},
		"one is twice":    {"p", []Counterexample{{Law: a}, {Law: b}, {Law: a}}, []string{"law a has 2 counterexamples, want 1"}},
		"another package": {"p", []Counterexample{{Law: a}, {Law: b}, {Law: other}}, []string{`law "x" is not one of p`}},
		"no laws":         {"r", nil, []string{"r registers no law"}},
	} {
		if got := problems(c.pkg, laws, c.examples); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
