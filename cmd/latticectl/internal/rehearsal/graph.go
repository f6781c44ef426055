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

// timeline is when the resources of all stacks are created and deleted if the
// engine loses no time.
type timeline struct{ created, deleted map[string]span }

func newTimeline(graphs map[string]*graph, journal []world.Op) timeline {
	t := timeline{created: map[string]span{}, deleted: map[string]span{}}
	up, down := durations(journal, world.Create), durations(journal, world.Delete)
	for _, g := range graphs {
		maps.Copy(t.created, g.spans(up, 0))
		maps.Copy(t.deleted, g.reversed().spans(down, 0))
	}
	return t
}

// between returns the seconds between a resource and the one it depends on.
func (t timeline) between(n world.Dependency) float64 {
	if n.During == world.Delete {
		return t.deleted[n.On].start - t.deleted[n.Dependent].end
	}
	return t.created[n.Dependent].start - t.created[n.On].end
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

// undeclared lists the dependencies that the program does not declare, and those
// that it declares but that take longer than the program waits. rank orders the
// stacks: a later stack may depend on an earlier one, because a user deploys them
// in that order, as the rehearsal does.
func undeclared(dependencies []world.Dependency, graphs map[string]*graph, rank map[string]int, journal []world.Op) []string {
	times := newTimeline(graphs, journal)
	var found []string
	for _, n := range dependencies {
		by, on := stackOf(n.Dependent), stackOf(n.On)
		switch {
		case by == on && graphs[by] != nil && graphs[by].reaches(n.Dependent, n.On):
			if gap := times.between(n); n.After > 0 && gap < n.After {
				found = append(found, tooSoon(n, gap))
			}
		case by != on && rank[on] < rank[by]:
		default:
			order := "was created after"
			if n.During == world.Delete {
				order = "was deleted before"
			}
			found = append(found, fmt.Sprintf("%s %s %s only by chance: it does not depend on it [law %s]",
				short(n.Dependent), order, short(n.On), n.Law.ID))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func tooSoon(n world.Dependency, gap float64) string {
	order := "created %g s after %s, which"
	if n.During == world.Delete {
		order = "deleted %g s before %s, which"
	}
	return fmt.Sprintf("%s is "+order+" takes %g s, and nothing waits [law %s]", short(n.Dependent), gap, short(n.On), n.After, n.Law.ID)
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
