// Package report is what a rehearsal found: as data, as text for a terminal, and
// as a page for a browser.
package report

import (
	"fmt"
	"strings"

	"eks-lattice/internal/cost"
)

// Report is what a rehearsal found, as written by --json.
type Report struct {
	OK bool `json:"ok"` // Failures is empty
	// Failures say in a sentence each what keeps the report from being ok.
	Failures    []string `json:"failures"`
	WallSeconds float64  `json:"wallSeconds"`
	Modelled    Modelled `json:"modelled"`
	Topology    Topology `json:"topology"`
	Stacks      []Stack  `json:"stacks"`
	Matrix      []Row    `json:"matrix"`
	// Laws are those that the rehearsal met, by group and id.
	Laws []Law `json:"laws"`
	Cost Cost  `json:"cost"`
	// UndeclaredDependencies worked only because the engine happened to go in the
	// right order: the program does not declare them. UndeclaredGroups are the
	// same ones by dependent and law, with what would declare them.
	UndeclaredDependencies []string          `json:"undeclaredDependencies"`
	UndeclaredGroups       []UndeclaredGroup `json:"undeclaredGroups"`
	// Warnings are what the real system accepts without a word and a user regrets.
	Warnings  []string `json:"warnings"`
	Leftovers []string `json:"leftovers"`
	// Error is why the rehearsal stopped on its way, empty when it did not.
	Error string `json:"error,omitempty"`
}

// New returns a report of nothing yet.
func New() *Report {
	return &Report{
		Failures: []string{}, Stacks: []Stack{}, Matrix: []Row{}, Laws: []Law{},
		Topology:               Topology{Clusters: []Cluster{}},
		Cost:                   Cost{Region: cost.Region, Lines: []cost.Line{}, Unknown: []string{}},
		Modelled:               Modelled{CriticalPath: []Step{}, DestroyPath: []Step{}, Up: []Step{}, Destroy: []Step{}},
		UndeclaredDependencies: []string{}, UndeclaredGroups: []UndeclaredGroup{}, Warnings: []string{}, Leftovers: []string{},
	}
}

// Modelled are durations on the virtual clock, in seconds: what a deployment
// would take on AWS with unlimited parallelism, by the twin's table of durations.
type Modelled struct {
	UpSeconds      float64 `json:"upSeconds"`
	DestroySeconds float64 `json:"destroySeconds"`
	CriticalPath   []Step  `json:"criticalPath"` // of up, in order of start
	DestroyPath    []Step  `json:"destroyPath"`  // likewise of destroy
	// Up and Destroy are all operations that take time, in order of start.
	Up      []Step `json:"up"`
	Destroy []Step `json:"destroy"`
}

// Step is the operation on one resource.
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

// Topology is what was deployed, as far as a caller sees it.
type Topology struct {
	Stack          string    `json:"stack"` // of the environment
	Region         string    `json:"region"`
	ServiceNetwork string    `json:"serviceNetwork"`
	Domain         string    `json:"domain"`
	Clusters       []Cluster `json:"clusters"`
}

// Cluster is an EKS cluster in its VPC.
type Cluster struct {
	Stack        string        `json:"stack"`
	Name         string        `json:"name"`
	Version      string        `json:"version"` // of Kubernetes
	VPC          string        `json:"vpc"`     // its id
	CIDR         string        `json:"cidr"`
	Applications []Application `json:"applications"`
}

// Application is one application of a cluster.
type Application struct {
	Name           string `json:"name"`
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	URL            string `json:"url"`
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
	Role           string  `json:"role"`        // ARN, with which a caller that is no pod signs; it has no namespace
	Application    string  `json:"application"` // whose pod calls, empty for a pod that is created for the call
	URL            string  `json:"url"`
	Case           string  `json:"case"` // what is special about the caller, empty for an application's own pod
	Expect         Verdict `json:"expect"`
	Got            Verdict `json:"got"`
	Status         int     `json:"status"` // of HTTP, 0 when no answer came
	Body           string  `json:"body"`
	DecidedBy      string  `json:"decidedBy"`     // the step on the way that decided
	Law            string  `json:"law,omitempty"` // that refused the call
}

// Caller is who called from the cluster, or from its VPC.
func (r Row) Caller() string {
	switch {
	case r.Namespace != "":
		return r.Namespace + "/" + r.ServiceAccount
	case r.Role != "":
		return r.Role
	}
	return "no role"
}

// Law is a law of the twin that the rehearsal met.
type Law struct {
	ID       string `json:"id"`
	Group    string `json:"group"`
	Sentence string `json:"sentence"`
	Source   string `json:"source"`
	// How often the law was the reason of a dependency, of a duration, of a
	// refusal and of a warning.
	Dependencies int `json:"dependencies"`
	Durations    int `json:"durations"`
	Refusals     int `json:"refusals"`
	Warnings     int `json:"warnings"`
}

// Cost is what AWS bills for the deployment, by the hour.
type Cost struct {
	Region string      `json:"region"` // whose prices these are
	Lines  []cost.Line `json:"lines"`
	// Unknown are parts whose price the table does not hold.
	Unknown []string `json:"unknown"`
}

// UndeclaredGroup are the undeclared dependencies of one resource for one reason.
type UndeclaredGroup struct {
	Dependent string `json:"dependent"` // URN
	Law       string `json:"law"`
	Count     int    `json:"count"`
	// Add are the fewest resources (URNs) on which the dependent should depend:
	// all of the group follow from them.
	Add []string `json:"add"`
	// Message says all that in one sentence.
	Message string `json:"message"`
}

// Settle computes Failures and OK from the rest of the report: it is ok when
// there is nothing to say against it.
func (r *Report) Settle() {
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
	for _, g := range r.UndeclaredGroups {
		fail("%s", g.Message)
	}
	for _, l := range r.Leftovers {
		fail("left over: %s", l)
	}
	r.OK = len(r.Failures) == 0
}
