// Package problem collects everything that is wrong with a user's input, so
// that one run reports all of it.
package problem

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong, and what to do about it.
type Problem struct {
	// Where names the input by its path, such as "apps[0].name".
	Where string
	// Value is the input as users see it. It is empty if there is none.
	Value string

	remedy string // a format
	args   []any
}

// Remedy says what is wrong with the value and what would be right.
func (p Problem) Remedy() string { return fmt.Sprintf(p.remedy, p.args...) }

// Secret returns the problem without the value and what was derived from it.
func (p Problem) Secret() Problem {
	if p.Value != "" {
		p.Value = "[secret]"
	}
	return p.mapArgs(func(arg any) any {
		if _, ok := arg.(derived); ok {
			return hiddenValue{}
		}
		return arg
	})
}

func (p Problem) mapArgs(change func(any) any) Problem {
	args := make([]any, len(p.args))
	for i, arg := range p.args {
		args[i] = change(arg)
	}
	p.args = args
	return p
}

func (p Problem) String() string {
	if p.Value == "" {
		return p.Where + ": " + p.Remedy()
	}
	return p.Where + " = " + p.Value + ": " + p.Remedy()
}

// List holds problems in the order in which they were found. Its zero value is
// ready to use.
type List []Problem

// Add notes that the value at a path is wrong. The remedy is a format.
func (l *List) Add(where string, value any, remedy string, args ...any) {
	*l = append(*l, Problem{Where: where, Value: show(value), remedy: remedy, args: args})
}

// Missing notes that there is no value at a path, or none to show.
func (l *List) Missing(where, remedy string, args ...any) {
	*l = append(*l, Problem{Where: where, remedy: remedy, args: args})
}

// Path is an argument of a remedy that names another input.
type Path string

// Derived marks an argument of a remedy that reveals something of the value. A
// problem with a secret does not show it.
func Derived(value any) any { return derived{value} }

type derived struct{ value any }

// Format implements fmt.Formatter.
func (d derived) Format(f fmt.State, verb rune) { fmt.Fprintf(f, fmt.FormatString(f, verb), d.value) }

// hiddenValue stands for a derived argument, whatever its verb.
type hiddenValue struct{}

// Format implements fmt.Formatter.
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

// Rename returns the list with other names for its inputs, in remedies as well.
func (l List) Rename(name func(path string) string) List {
	renamed := make(List, len(l))
	for i, p := range l {
		p.Where = name(p.Where)
		renamed[i] = p.mapArgs(func(arg any) any {
			if path, ok := arg.(Path); ok {
				return Path(name(string(path)))
			}
			return arg
		})
	}
	return renamed
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

// Of returns the problems that an error consists of, or nil if it is not an *Error.
func Of(err error) List {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Problems
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

// Raw is a value that is shown without quotes, unlike other strings.
type Raw string

func show(value any) string {
	if s, ok := value.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(value)
}
