package authpolicy

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// WriteJSON prints rules as a JSON array.
func WriteJSON(w io.Writer, rules []Rule) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(rules); err != nil {
		return fmt.Errorf("printing the rules: %w", err)
	}
	return nil
}

// WriteTable prints rules for a person.
func WriteTable(w io.Writer, rules []Rule) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"application", "namespace", "effect", "requests", "callers", "if"})
	for _, r := range rules {
		t.AppendRow(table.Row{r.Application, r.Namespace, r.Effect, r.requests(), r.Callers, strings.Join(r.Conditions, ", and ")})
	}
	t.Render()
}

// requests are the methods and paths of a rule: "GET or HEAD /v1/*".
func (r Rule) requests() string {
	if len(r.Methods)+len(r.Paths) == 0 {
		return "all"
	}
	methods, paths := "all methods", "all paths"
	if len(r.Methods) > 0 {
		methods = anyOf(r.Methods)
	}
	if len(r.Paths) > 0 {
		paths = anyOf(r.Paths)
	}
	return methods + " " + paths
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
