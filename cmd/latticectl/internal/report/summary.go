package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Summarize prints a report for a person.
func Summarize(w io.Writer, r *Report) {
	stacks := newTable(w, "stack", "created", "second up", "destroyed")
	for _, s := range r.Stacks {
		stacks.AppendRow(table.Row{s.Name, s.Created, s.SecondUpChanges, s.Destroyed})
	}
	stacks.Render()

	calls := newTable(w, "from", "to", "caller", "expect", "got", "decided by", "answer")
	for _, row := range r.Matrix {
		calls.AppendRow(table.Row{
			row.Cluster + "/" + row.Caller(), row.URL, row.Case,
			row.Expect, row.Got, row.DecidedBy, clip(row.Body, 60),
		})
	}
	calls.Render()

	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	out("On AWS this would take about %s up and %s down (modelled, see docs/twin.md); the longest path up:",
		minutes(r.Modelled.UpSeconds), minutes(r.Modelled.DestroySeconds))
	for _, s := range r.Modelled.CriticalPath {
		out("  %7s  +%-7s %s", minutes(s.StartSeconds), minutes(s.Seconds), Short(s.Resource))
	}
	for _, warning := range r.Warnings {
		out("warning: %s", warning)
	}
	if r.OK {
		out("ok: %d calls as expected, nothing changed the second time, nothing left behind (%.1f s)", len(r.Matrix), r.WallSeconds)
		return
	}
	out("NOT OK (%.1f s):", r.WallSeconds)
	for _, f := range r.Failures {
		out("  - %s", f)
	}
}

func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(header)
	return t
}

func minutes(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

func clip(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
