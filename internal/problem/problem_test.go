package problem_test

import (
	"errors"
	"testing"

	"eks-lattice/internal/problem"
)

func TestErr(t *testing.T) {
	t.Parallel()
	var found problem.List
	if err := found.Err("it"); err != nil {
		t.Errorf("an empty list is the error %v", err)
	}
	found.Add("name", "a b", "has %d words", 2)
	if got, want := found.Err("it").Error(), "it has 1 problem:\n  name = \"a b\": has 2 words"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	found.Missing("size", "is missing")
	found.Add("list", problem.Raw("[1]"), "is 100%% wrong")
	err := found.Under("app.").Err("it")
	const want = "it has 3 problems:\n  app.name = \"a b\": has 2 words\n  app.size: is missing\n  app.list = [1]: is 100% wrong"
	if got := err.Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var typed *problem.Error
	if !errors.As(err, &typed) || len(typed.Problems) != 3 {
		t.Errorf("the error does not hold its problems: %#v", err)
	}
}
