package preflight

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"eks-lattice/internal/cost"
)

// WriteJSON prints a report as JSON.
func WriteJSON(w io.Writer, r *Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

// width is where the column of findings breaks lines.
const width = 90

// WriteTable prints a report for a person: what was checked, then what to do.
func WriteTable(w io.Writer, r *Report) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"status", "about", "check", "found"})
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 3, WidthMax: width / 2, WidthMaxEnforcer: text.WrapSoft}, {Number: 4, WidthMax: width, WidthMaxEnforcer: text.WrapSoft},
	})
	counts := map[Status]int{}
	for _, c := range r.Checks {
		counts[c.Status]++
		t.AppendRow(table.Row{c.Status, c.Group, c.Name, c.Found})
	}
	t.Render()
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	for _, c := range r.Checks {
		if c.Remedy != "" {
			out("%s: %s %s\n    %s", c.Status, c.Group, c.Name, c.Remedy)
		}
	}
	if r.Region != "" {
		out("On AWS, up takes about %s and destroy %s (modelled, see docs/twin.md).", span(r.Modelled.UpSeconds), span(r.Modelled.DestroySeconds))
		out("What the stacks create costs $%.2f per hour, at on-demand prices of %s.", cost.Sum(r.Cost.Lines), r.Cost.Region)
		if len(r.Cost.Unknown) > 0 {
			out("Not in this sum, because their prices are not known: %s.", strings.Join(r.Cost.Unknown, ", "))
		}
	}
	out("Not checked by any preflight:")
	for _, what := range r.Beyond {
		out("  - %s", what)
	}
	state := "ok: nothing was created"
	if !r.OK {
		state = "NOT OK: a deployment would fail; nothing was created"
	}
	out("%s (%d ok, %d warning, %d failed, %d not checked)", state, counts[OK], counts[Warning], counts[Failed], counts[NotChecked])
}

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}
