package rehearsal

// Report is what a rehearsal found, as written by --json.
type Report struct {
	OK          bool     `json:"ok"`
	WallSeconds float64  `json:"wallSeconds"`
	Modelled    Modelled `json:"modelled"`
	Stacks      []Stack  `json:"stacks"`
	Matrix      []Row    `json:"matrix"`
	// Lucky lists what worked only by the order in which the engine happened to
	// go: nothing in the program's dependencies made it so.
	Lucky []string `json:"lucky"`
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

// settle computes OK from the rest of the report.
func (r *Report) settle() {
	r.OK = len(r.Matrix) > 0 && len(r.Lucky) == 0 && len(r.Leftovers) == 0
	for _, s := range r.Stacks {
		r.OK = r.OK && s.Created > 0 && s.SecondUpChanges == 0 && s.Destroyed == s.Created
	}
	for _, row := range r.Matrix {
		r.OK = r.OK && row.Got == row.Expect
	}
}
