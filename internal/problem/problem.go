// Package problem collects everything that is wrong with what a user gave, so
// that one run reports all of it.
package problem

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong, and what to do about it.
type Problem struct {
	// Where names the input by its path, such as "apps[0].name".
	Where string
	// Value is the input as it is shown, or empty when nothing was given.
	Value string
	// Remedy says what is wrong with the value and what would be right.
	Remedy string
	// discreet is the remedy without what was derived from the value.
	discreet string
}

// Secret returns the problem without the value and what was derived from it.
func (p Problem) Secret() Problem {
	if p.Value != "" {
		p.Value = "[secret]"
	}
	p.Remedy = p.discreet
	return p
}

func (p Problem) String() string {
	if p.Value == "" {
		return p.Where + ": " + p.Remedy
	}
	return p.Where + " = " + p.Value + ": " + p.Remedy
}

// List is what was found so far, in order. Its zero value is ready to use.
type List []Problem

// Add notes that the value at a path is wrong. The remedy is a format.
func (l *List) Add(where string, value any, remedy string, args ...any) {
	l.add(where, show(value), remedy, args)
}

// Missing notes that nothing was given at a path.
func (l *List) Missing(where, remedy string, args ...any) {
	l.add(where, "", remedy, args)
}

func (l *List) add(where, value, remedy string, args []any) {
	shown, hidden := make([]any, len(args)), make([]any, len(args))
	for i, arg := range args {
		shown[i], hidden[i] = arg, arg
		if d, ok := arg.(derived); ok {
			shown[i], hidden[i] = d.value, hiddenValue{}
		}
	}
	*l = append(*l, Problem{Where: where, Value: value, Remedy: fmt.Sprintf(remedy, shown...), discreet: fmt.Sprintf(remedy, hidden...)})
}

type derived struct{ value any }

// Derived marks an argument of a remedy that tells something of the value. It is
// not shown if the value is a secret.
func Derived(value any) any { return derived{value} }

// hiddenValue stands for a derived argument, whatever its verb.
type hiddenValue struct{}

func (hiddenValue) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[secret]")) }

// Under returns the list with a prefix before every path.
func (l List) Under(prefix string) List {
	under := make(List, len(l))
	for i, p := range l {
		p.Where = prefix + p.Where
		under[i] = p
	}
	return under
}

// Err returns nil for an empty list, and otherwise one error of the form
//
//	SUBJECT has 2 problems:
//	  PATH = VALUE: REMEDY
//	  PATH: REMEDY
func (l List) Err(subject string) error {
	if len(l) == 0 {
		return nil
	}
	return &Error{Subject: subject, Problems: l}
}

// Error is a list of problems as an error.
type Error struct {
	Subject  string
	Problems List
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Subject)
	if len(e.Problems) == 1 {
		b.WriteString(" has 1 problem:")
	} else {
		fmt.Fprintf(&b, " has %d problems:", len(e.Problems))
	}
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// Raw is a value that is shown as it is; other strings are shown in quotes.
type Raw string

func show(value any) string {
	if s, ok := value.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(value)
}
