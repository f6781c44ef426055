package rehearsal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"eks-lattice/internal/twin/world"
)

// graph is the dependency graph of one stack's checkpoint, which is what the
// engine goes by, in both directions.
type graph struct {
	order []string            // URNs, each after all that it depends on
	deps  map[string][]string // URN -> what it directly depends on
}

// parseGraph reads the deployment of an exported stack.
func parseGraph(deployment json.RawMessage) (*graph, error) {
	var d struct {
		Resources []struct {
			URN                  string              `json:"urn"`
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
	}
	return g, nil
}

// reaches tells whether from depends on to, directly or not.
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

// reversed is the graph of a destroy: what was needed goes last.
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
// begins as soon as all that it depends on has ended.
type schedule struct {
	end  float64
	path []Step // the longest chain, without its instant members
}

func (g *graph) schedule(seconds map[string]float64, begin float64) schedule {
	spans := g.spans(seconds, begin)
	last, end := "", begin
	for _, u := range g.order {
		if spans[u].end > end {
			last, end = u, spans[u].end
		}
	}
	result := schedule{end: end}
	for u := last; u != ""; u = spans[u].after {
		if seconds[u] > 0 {
			result.path = append(result.path, Step{Resource: u, StartSeconds: spans[u].start, Seconds: seconds[u]})
		}
	}
	slices.Reverse(result.path)
	return result
}

// span is when one resource is worked on, and what it waited for last.
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

// timeline is when all resources of the stacks are made and deleted, if the engine
// loses no time.
type timeline struct{ made, gone map[string]span }

func newTimeline(graphs map[string]*graph, journal []world.Op) timeline {
	t := timeline{made: map[string]span{}, gone: map[string]span{}}
	up, down := durations(journal, world.Create), durations(journal, world.Delete)
	for _, g := range graphs {
		maps.Copy(t.made, g.spans(up, 0))
		maps.Copy(t.gone, g.reversed().spans(down, 0))
	}
	return t
}

// between is how many seconds lie between a resource and one that it needs.
func (t timeline) between(n world.Need) float64 {
	if n.During == world.Delete {
		return t.gone[n.On].start - t.gone[n.URN].end
	}
	return t.made[n.URN].start - t.made[n.On].end
}

// durations sums the modelled seconds of the journal's successful operations of
// one kind, by resource.
func durations(journal []world.Op, kind world.Kind) map[string]float64 {
	seconds := map[string]float64{}
	for _, op := range journal {
		if op.Kind == kind && op.Err == nil {
			seconds[op.URN] += op.Seconds
		}
	}
	return seconds
}

// lucky lists the needs that no dependency of the program guarantees, and those
// that come too soon for it. rank orders the stacks: what a later stack needs of
// an earlier one is in order, because the rehearsal deploys them one after the
// other as a user does.
func lucky(needs []world.Need, graphs map[string]*graph, rank map[string]int, journal []world.Op) []string {
	times := newTimeline(graphs, journal)
	var found []string
	for _, n := range needs {
		by, on := stackOf(n.URN), stackOf(n.On)
		switch {
		case by == on && graphs[by] != nil && graphs[by].reaches(n.URN, n.On):
			if gap := times.between(n); n.After > 0 && gap < n.After {
				verb := "is made %g s after %s, which"
				if n.During == world.Delete {
					verb = "is deleted %g s before %s, which"
				}
				found = append(found, fmt.Sprintf("%s "+verb+" takes %g s, and nothing waits [law %s]",
					short(n.URN), gap, short(n.On), n.After, n.Why))
			}
		case by != on && rank[on] < rank[by]:
		default:
			verb := "was made after"
			if n.During == world.Delete {
				verb = "was deleted before"
			}
			found = append(found, fmt.Sprintf("%s %s %s only by chance: it does not depend on it [law %s]",
				short(n.URN), verb, short(n.On), n.Why))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// stackOf takes the stack from a URN: urn:pulumi:<stack>::<project>::<types>::<name>.
func stackOf(urn string) string {
	stack, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return stack
}

// short is a URN as a person reads it: the resource's own type and its name.
func short(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return urn
	}
	types := strings.Split(parts[2], "$")
	return types[len(types)-1] + " " + parts[3]
}
