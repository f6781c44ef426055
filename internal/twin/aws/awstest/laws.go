package awstest

import (
	"errors"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

// Refuses expects the creation of a resource to be refused by the law of that id.
func (p *Program) Refuses(id, code, words, token string, in engine.Props) {
	p.T.Helper()
	p.Refused(p.Try(token, "refused", in), id, code, words)
}

// Refused checks the law, the code and the words of an error.
func (p *Program) Refused(err error, id, code string, words ...string) {
	p.T.Helper()
	var refusal *law.RefusalError
	if !errors.As(err, &refusal) {
		p.T.Fatalf("want a refusal by law %s, got %v", id, err)
	}
	if refusal.Law.ID != id || refusal.Code != code || !Contains(refusal.Message, words...) {
		p.T.Fatalf("want law %s, code %q and %q, got: %v", id, code, words, err)
	}
}

// Contains reports whether a text holds all words.
func Contains(text string, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Counterexample is a program that meets a law; it returns the law that the twin
// named.
func Counterexample(id string, run func(p *Program) law.Law) lawtest.Counterexample {
	return lawtest.Counterexample{Law: law.Law{ID: id}, Break: func(t *testing.T) law.Law {
		t.Helper()
		return run(New(t))
	}}
}

// Refuses is the counterexample of a law that refuses the last step of a program,
// with AWS's code and words.
func Refuses(id, code, words string, program func(p *Program) error) lawtest.Counterexample {
	return Counterexample(id, func(p *Program) law.Law {
		err := program(p)
		var refusal *law.RefusalError
		if !errors.As(err, &refusal) {
			p.T.Fatalf("the program got %v", err)
		}
		if refusal.Code != code || !strings.Contains(refusal.Message, words) {
			p.T.Errorf("want code %q and %q, got: %v", code, words, err)
		}
		return refusal.Law
	})
}

// Warns is the counterexample of a law that warns of a program.
func Warns(id, words string, program func(p *Program)) lawtest.Counterexample {
	return Counterexample(id, func(p *Program) law.Law {
		program(p)
		got := p.Account.Warnings()
		if len(got) != 1 || !strings.Contains(got[0].Message, words) {
			p.T.Fatalf("warnings: %v, want one with %q", got, words)
		}
		return got[0].Law
	})
}

// DependsBy is the counterexample of a law by which one resource of a program
// depends on another that it does not name.
func DependsBy(id, dependent, on string, during world.Action, program func(p *Program)) lawtest.Counterexample {
	return Counterexample(id, func(p *Program) law.Law {
		program(p)
		ids := p.Depends(dependent, on, during)
		if len(ids) != 1 {
			p.T.Fatalf("%s depends on %s by %q, want one law", dependent, on, ids)
		}
		return law.Law{ID: ids[0]}
	})
}
