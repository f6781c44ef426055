package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/cost"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var style string

var wholeMinutes = regexp.MustCompile(`m0s$`)

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"minutes": func(s float64) string { return wholeMinutes.ReplaceAllString(minutes(s), "m") },
	"isURL":   func(s string) bool { return strings.HasPrefix(s, "https://") },
	"clip":    clip,
	"half":    func(n int) int { return n / 2 },
	"short":   Short,
	"typ":     func(urn string) string { typ, _ := split(urn); return typ },
	"name":    func(urn string) string { _, name := split(urn); return name },
	"stack":   StackOf,
	"dollars": func(x float64) string { return fmt.Sprintf("$%.3f", x) },
}).Parse(pageText))

// view is what the template shows of a report.
type view struct {
	*Report
	Style     template.CSS
	Diagram   diagram
	Access    access
	Timelines []lanes
	PerHour   float64 // of all that has a price
	Met       int     // calls that ended as expected
}

// WriteHTML writes the report as one page that needs nothing else: no script, no
// font, no request.
func (r *Report) WriteHTML(w io.Writer) error {
	v := view{
		Report: r, Style: template.CSS(style),
		Diagram: draw(r.Topology, r.Matrix), Access: grid(r.Topology, r.Matrix),
		Timelines: []lanes{
			timeline("up", r.Modelled.UpSeconds, r.Modelled.Up, r.Modelled.CriticalPath),
			timeline("destroy", r.Modelled.DestroySeconds, r.Modelled.Destroy, r.Modelled.DestroyPath),
		},
		PerHour: cost.Sum(r.Cost.Lines),
	}
	for _, row := range r.Matrix {
		if row.Got == row.Expect {
			v.Met++
		}
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("rendering the report: %w", err)
	}
	return nil
}

// access is the table of who calls whom: a row for each caller, a column for
// each application.
type access struct {
	Applications []Application
	Rows         []accessRow
}

type accessRow struct {
	Cluster, Namespace, Application string
	Cells                           []*Row // nil where nobody called
}

func grid(t Topology, matrix []Row) access {
	var a access
	for _, c := range t.Clusters {
		a.Applications = append(a.Applications, c.Applications...)
	}
	for _, c := range t.Clusters {
		for _, from := range c.Applications {
			row := accessRow{c.Name, from.Namespace, from.Name, make([]*Row, len(a.Applications))}
			for i, to := range a.Applications {
				row.Cells[i] = callOf(matrix, c, from, to)
			}
			a.Rows = append(a.Rows, row)
		}
	}
	return a
}

// callOf finds the plain call of one application to another. Applications of one
// service account are one caller to IAM: the first one's calls stand for all.
func callOf(matrix []Row, c Cluster, from, to Application) *Row {
	i := slices.IndexFunc(matrix, func(r Row) bool {
		return r.Application != "" && r.Case == "" && r.URL == to.URL &&
			r.Cluster == c.Name && r.Namespace == from.Namespace && r.ServiceAccount == from.ServiceAccount
	})
	if i < 0 {
		return nil
	}
	return &matrix[i]
}

// lanes is a timeline: the operations of each stack, in as many lanes as run side
// by side.
type lanes struct {
	Action  string
	Seconds float64
	Marks   []mark
	Stacks  []stackLanes
	Path    []bar
	All     []Step
}

type mark struct{ Percent, Seconds float64 }

type stackLanes struct {
	Name   string
	Height int
	Bars   []bar
}

// bar is one operation; X and Width are in thousandths of the whole time.
type bar struct {
	Step
	X, Y, Width float64
	Critical    bool
}

const laneHeight = 8

func timeline(action string, seconds float64, steps, path []Step) lanes {
	l := lanes{Action: action, Seconds: seconds, All: steps}
	if seconds <= 0 {
		return l
	}
	scale := 1000 / seconds
	for _, every := range []float64{60, 120, 300, 600, 1800, 3600} {
		if seconds/every <= 8 {
			for at := 0.0; at <= seconds; at += every {
				l.Marks = append(l.Marks, mark{at / seconds * 100, at})
			}
			break
		}
	}
	for _, s := range steps { // stacks in the order of their first operation
		if !slices.ContainsFunc(l.Stacks, func(x stackLanes) bool { return x.Name == StackOf(s.Resource) }) {
			l.Stacks = append(l.Stacks, newStackLanes(StackOf(s.Resource), scale, steps, path))
		}
	}
	for _, s := range path {
		l.Path = append(l.Path, bar{Step: s, X: s.StartSeconds * scale, Width: max(s.Seconds*scale, 3)})
	}
	return l
}

func newStackLanes(name string, scale float64, steps, path []Step) stackLanes {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return StackOf(s.Resource) != name })
	// Long ones first: they get the upper lanes, and short ones the gaps.
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(b.Seconds, a.Seconds) })
	found := stackLanes{Name: name}
	var taken [][]Step
	for _, s := range steps {
		lane := slices.IndexFunc(taken, func(others []Step) bool {
			return !slices.ContainsFunc(others, func(o Step) bool {
				return s.StartSeconds < o.StartSeconds+o.Seconds && o.StartSeconds < s.StartSeconds+s.Seconds
			})
		})
		if lane < 0 {
			lane = len(taken)
			taken = append(taken, nil)
		}
		taken[lane] = append(taken[lane], s)
		found.Bars = append(found.Bars, bar{
			Step: s, X: s.StartSeconds * scale, Y: float64(lane * laneHeight), Width: max(s.Seconds*scale, 1),
			Critical: slices.Contains(path, s),
		})
	}
	found.Height = len(taken) * laneHeight
	return found
}

// Reasons says in words how often the rehearsal met the law.
func (l Law) Reasons() string {
	var parts []string
	for _, c := range []struct {
		n            int
		one, several string
	}{
		{l.Dependencies, "dependency", "dependencies"}, {l.Durations, "duration", "durations"},
		{l.Refusals, "refusal", "refusals"}, {l.Warnings, "warning", "warnings"},
	} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.one)
		case c.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.several))
		}
	}
	return strings.Join(parts, ", ")
}
