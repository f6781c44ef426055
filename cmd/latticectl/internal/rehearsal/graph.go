package rehearsal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/twin/world"
)

// graph is the dependency graph of one stack's checkpoint, in both directions. The
// engine orders its operations by it.
type graph struct {
	order     []string            // URNs, each after all that it depends on
	deps      map[string][]string // URN -> what it directly depends on
	resources []resource          // in the same order
}

// resource is one resource of a checkpoint.
type resource struct {
	URN    string         `json:"urn"`
	Type   string         `json:"type"`
	ID     string         `json:"id"`
	Inputs map[string]any `json:"inputs"`
}

// input returns an input that is a string.
func (r resource) input(name string) string {
	text, _ := r.Inputs[name].(string)
	return text
}

// parseGraph reads the deployment of an exported stack.
func parseGraph(deployment json.RawMessage) (*graph, error) {
	var d struct {
		Resources []struct {
			resource
			Parent               string              `json:"parent"`
			Provider             string              `json:"provider"` // URN::id
			Dependencies         []string            `json:"dependencies"`
			PropertyDependencies map[string][]string `json:"propertyDependencies"`
			DeletedWith          string              `json:"deletedWith"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(deployment, &d); err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	g := &graph{deps: map[string][]string{}}
	for _, r := range d.Resources { // the engine keeps resources after what they depend on
		deps := slices.Clone(r.Dependencies)
		for _, p := range r.PropertyDependencies {
			deps = append(deps, p...)
		}
		if i := strings.LastIndex(r.Provider, "::"); i > 0 {
			deps = append(deps, r.Provider[:i])
		}
		deps = append(deps, r.Parent, r.DeletedWith)
		slices.Sort(deps)
		deps = slices.DeleteFunc(slices.Compact(deps), func(u string) bool { return u == "" })
		g.deps[r.URN] = deps
		g.order = append(g.order, r.URN)
		g.resources = append(g.resources, r.resource)
	}
	return g, nil
}

// reaches reports whether from depends on to, directly or not.
func (g *graph) reaches(from, to string) bool {
	seen := map[string]bool{}
	var walk func(string) bool
	walk = func(u string) bool {
		for _, d := range g.deps[u] {
			if d == to {
				return true
			}
			if !seen[d] {
				seen[d] = true
				if walk(d) {
					return true
				}
			}
		}
		return false
	}
	return walk(from)
}

// reversed is the graph of a destroy: a resource waits for those that depend on it.
func (g *graph) reversed() *graph {
	r := &graph{deps: map[string][]string{}}
	for _, u := range g.order {
		r.deps[u] = nil
		for _, d := range g.deps[u] {
			r.deps[d] = append(r.deps[d], u)
		}
	}
	r.order = slices.Clone(g.order)
	slices.Reverse(r.order)
	return r
}

// schedule is when each resource of a graph starts and ends if every operation
// starts as soon as all of its dependencies have ended.
type schedule struct {
	end   float64
	path  []report.Step // the longest chain, without its instant members
	steps []report.Step // everything that takes time
}

func (g *graph) schedule(seconds map[string]float64, begin float64) schedule {
	spans := g.spans(seconds, begin)
	last, end := "", begin
	var result schedule
	step := func(u string) report.Step {
		return report.Step{Resource: u, StartSeconds: spans[u].start, Seconds: seconds[u]}
	}
	for _, u := range g.order {
		if spans[u].end > end {
			last, end = u, spans[u].end
		}
		if seconds[u] > 0 {
			result.steps = append(result.steps, step(u))
		}
	}
	result.end = end
	for u := last; u != ""; u = spans[u].after {
		if seconds[u] > 0 {
			result.path = append(result.path, step(u))
		}
	}
	slices.Reverse(result.path)
	return result
}

// span is when the operation on one resource runs, and which dependency ended last.
type span struct {
	start, end float64
	after      string
}

func (g *graph) spans(seconds map[string]float64, begin float64) map[string]span {
	spans := make(map[string]span, len(g.order))
	for _, u := range g.order {
		s := span{start: begin}
		for _, d := range g.deps[u] {
			if e := spans[d].end; e > s.start {
				s.start, s.after = e, d
			}
		}
		s.end = s.start + seconds[u]
		spans[u] = s
	}
	return spans
}

// durations sums the modelled seconds of the journal's successful operations with
// one action, by resource.
func durations(journal []world.Op, action world.Action) map[string]float64 {
	seconds := map[string]float64{}
	for _, op := range journal {
		if op.Action == action && op.Err == nil {
			seconds[op.URN] += op.Seconds
		}
	}
	return seconds
}
