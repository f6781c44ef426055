package rehearsal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/twin/world"
)

// timeline is when the resources of all stacks are created and deleted by an engine
// that starts each operation as soon as it can.
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

// finding is an undeclared dependency with a sentence about it.
type finding struct {
	world.Dependency
	sentence string
	early    bool // declared, but the program does not wait long enough
}

// undeclared lists the dependencies that the program does not declare, and those
// that it declares but that take longer than the program waits. rank orders the
// stacks: a later stack may depend on an earlier one, because a user deploys them
// in that order, as the rehearsal does.
func undeclared(dependencies []world.Dependency, graphs map[string]*graph, rank map[string]int, journal []world.Op) []finding {
	times := newTimeline(graphs, journal)
	var found []finding
	for _, n := range dependencies {
		by, on := report.StackOf(n.Dependent), report.StackOf(n.On)
		switch {
		case by == on && graphs[by] != nil && graphs[by].reaches(n.Dependent, n.On):
			if gap := times.between(n); n.After > 0 && gap < n.After {
				found = append(found, finding{n, tooSoon(n, gap), true})
			}
		case by != on && rank[on] < rank[by]:
		default:
			found = append(found, finding{n, fmt.Sprintf("%s %s %s only by chance: it does not depend on it [law %s]",
				report.Short(n.Dependent), order(n.During), report.Short(n.On), n.Law.ID), false})
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return cmp.Compare(a.sentence, b.sentence) })
	return slices.CompactFunc(found, func(a, b finding) bool { return a.sentence == b.sentence })
}

func order(during world.Action) string {
	if during == world.Delete {
		return "was deleted before"
	}
	return "was created after"
}

func tooSoon(n world.Dependency, gap float64) string {
	order := "created %g s after %s, which"
	if n.During == world.Delete {
		order = "deleted %g s before %s, which"
	}
	return fmt.Sprintf("%s is "+order+" takes %g s, and nothing waits [law %s]",
		report.Short(n.Dependent), gap, report.Short(n.On), n.After, n.Law.ID)
}

func sentences(found []finding) []string {
	list := []string{}
	for _, f := range found {
		list = append(list, f.sentence)
	}
	return list
}

// grouped groups what one mistake causes: the undeclared dependencies of one resource
// for one reason. It keeps the order of found.
func grouped(found []finding, graphs map[string]*graph) []report.UndeclaredGroup {
	type key struct {
		dependent, law string
		during         world.Action
		early          string // what takes time is a mistake of its own
	}
	members, keys := map[key][]finding{}, []key{}
	for _, f := range found {
		k := key{f.Dependent, f.Law.ID, f.During, ""}
		if f.early {
			k.early = f.On
		}
		if members[k] == nil {
			keys = append(keys, k)
		}
		members[k] = append(members[k], f)
	}
	groups := []report.UndeclaredGroup{}
	for _, k := range keys {
		group := report.UndeclaredGroup{Dependent: k.dependent, Law: k.law, Count: len(members[k]), Add: []string{}}
		if k.early != "" {
			group.Message = members[k][0].sentence
		} else {
			group.Add = missingEdges(members[k], graphs[report.StackOf(k.dependent)])
			group.Message = groupMessage(group, members[k])
		}
		groups = append(groups, group)
	}
	return groups
}

func groupMessage(group report.UndeclaredGroup, members []finding) string {
	first := members[0]
	what := report.Short(first.On)
	if group.Count > 1 {
		what = fmt.Sprintf("%d resources, such as %s,", group.Count, what)
	}
	var names []string
	for _, u := range group.Add {
		names = append(names, report.Short(u))
	}
	remedy := "let it depend on " + strings.Join(names, " and ")
	switch {
	case len(names) == 0:
		remedy = "no dependency of Pulumi can order them"
	case group.Count == 1:
		remedy = "let it depend on it"
	}
	return fmt.Sprintf("%s %s %s only by chance: %s [law %s]", report.Short(group.Dependent), order(first.During), what, remedy, group.Law)
}

// missingEdges are the fewest resources on which the dependent of the findings
// should depend, so that all of them are declared: the nearest one that depends
// on all others, or else those of the findings that no other one implies.
// It leaves out what the dependent cannot depend on: what is in another stack,
// and what depends on it.
func missingEdges(findings []finding, g *graph) []string {
	if g == nil {
		return []string{}
	}
	dependent := findings[0].Dependent
	implies := func(u, on string) bool { return u == on || g.reaches(u, on) }
	var wanted []string
	for _, f := range findings {
		if slices.Contains(g.order, f.On) && !implies(f.On, dependent) {
			wanted = append(wanted, f.On)
		}
	}
	edges := []string{}
	for _, u := range wanted {
		if !slices.ContainsFunc(wanted, func(other string) bool { return other != u && implies(other, u) }) {
			edges = append(edges, u)
		}
	}
	if len(edges) < 2 {
		return edges
	}
	for _, u := range g.order {
		if !implies(u, dependent) && !slices.ContainsFunc(edges, func(on string) bool { return !implies(u, on) }) {
			return []string{u}
		}
	}
	return edges
}
