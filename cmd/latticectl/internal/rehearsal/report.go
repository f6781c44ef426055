package rehearsal

import (
	"fmt"
	"strings"
)

// Report is what a rehearsal found, as written by --json.
type Report struct {
	OK bool `json:"ok"` // Failures is empty
	// Failures say in a sentence each what keeps the report from being ok.
	Failures    []string `json:"failures"`
	WallSeconds float64  `json:"wallSeconds"`
	Modelled    Modelled `json:"modelled"`
	Stacks      []Stack  `json:"stacks"`
	Matrix      []Row    `json:"matrix"`
	// UndeclaredDependencies worked only because the engine happened to go in the
	// right order: the program does not declare them.
	UndeclaredDependencies []string `json:"undeclaredDependencies"`
	// Warnings are what the real system accepts without a word and a user regrets.
	Warnings  []string `json:"warnings"`
	Leftovers []string `json:"leftovers"`
	// Error is why the rehearsal stopped on its way, empty when it did not.
	Error string `json:"error,omitempty"`
}

// Modelled are durations on the virtual clock, in seconds: what a deployment
// would take on AWS with unlimited parallelism, by the twin's table of durations.
type Modelled struct {
	UpSeconds      float64 `json:"upSeconds"`
	DestroySeconds float64 `json:"destroySeconds"`
	CriticalPath   []Step  `json:"criticalPath"` // of up, in order of start
}

// Step is one resource on the critical path.
type Step struct {
	Resource     string  `json:"resource"` // URN
	StartSeconds float64 `json:"startSeconds"`
	Seconds      float64 `json:"seconds"`
}

// Stack counts what happened to the resources of one stack.
type Stack struct {
	Name            string `json:"name"`
	Created         int    `json:"created"`
	SecondUpChanges int    `json:"secondUpChanges"`
	Destroyed       int    `json:"destroyed"`
}

// Verdict is whether a call got through.
type Verdict string

// The verdicts.
const (
	Allow Verdict = "allow"
	Deny  Verdict = "deny"
)

// Row is one call of the connectivity matrix.
type Row struct {
	Cluster        string  `json:"cluster"`
	Namespace      string  `json:"namespace"`
	ServiceAccount string  `json:"serviceAccount"`
	URL            string  `json:"url"`
	Case           string  `json:"case"` // what is special about the caller, empty for an app's own pod
	Expect         Verdict `json:"expect"`
	Got            Verdict `json:"got"`
	Status         int     `json:"status"` // of HTTP, 0 when no answer came
	Body           string  `json:"body"`
	DecidedBy      string  `json:"decidedBy"` // the step on the way that decided
}

// settle computes Failures and OK from the rest of the report: it is ok when
// there is nothing to say against it.
func (r *Report) settle() {
	r.Failures = []string{}
	fail := func(format string, args ...any) { r.Failures = append(r.Failures, fmt.Sprintf(format, args...)) }
	if r.Error != "" {
		fail("the rehearsal stopped on its way: %s", r.Error)
	} else { // else what did not happen any more says nothing
		if len(r.Stacks) == 0 {
			fail("no stack was deployed")
		}
		if len(r.Matrix) == 0 {
			fail("nobody called: no stack has an application")
		}
	}
	for _, s := range r.Stacks {
		if s.Created == 0 {
			fail("%s created no resources", s.Name)
		}
		if s.SecondUpChanges != 0 {
			fail("the second up of %s changed %d resources; it must change none", s.Name, s.SecondUpChanges)
		}
		if s.Destroyed != s.Created {
			fail("%s created %d resources and destroyed %d", s.Name, s.Created, s.Destroyed)
		}
	}
	for _, row := range r.Matrix {
		if row.Got != row.Expect {
			fail("%s/%s calling %s: expected %s, got %s (%s: %s)", row.Cluster, row.Namespace,
				strings.TrimSpace(row.URL+" "+row.Case), row.Expect, row.Got, row.DecidedBy, row.Body)
		}
	}
	r.Failures = append(r.Failures, r.UndeclaredDependencies...)
	for _, l := range r.Leftovers {
		fail("left over: %s", l)
	}
	r.OK = len(r.Failures) == 0
}
