package rehearsal

import (
	"cmp"
	"slices"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/names"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// model computes the modelled times. The clusters start together when the
// environment is up, and the environment is destroyed after the last cluster.
func model(journal []world.Op, stacks []*stack) report.Modelled {
	m := report.Modelled{Up: []report.Step{}, Destroy: []report.Step{}}
	up, down := durations(journal, world.Create), durations(journal, world.Delete)
	longest := func(role string, begin float64, turn func(*graph) *graph, seconds map[string]float64, all *[]report.Step) schedule {
		best := schedule{end: begin}
		for _, s := range stacks {
			if s.file.role != role {
				continue
			}
			found := turn(s.graph).schedule(seconds, begin)
			*all = append(*all, found.steps...)
			if found.end >= best.end {
				best = found
			}
		}
		return best
	}
	same := func(g *graph) *graph { return g }
	environment := longest(names.RoleEnvironment, 0, same, up, &m.Up)
	clusters := longest(names.RoleCluster, environment.end, same, up, &m.Up)
	m.UpSeconds = clusters.end
	m.CriticalPath = slices.Concat([]report.Step{}, environment.path, clusters.path)
	clusters = longest(names.RoleCluster, 0, (*graph).reversed, down, &m.Destroy)
	environment = longest(names.RoleEnvironment, clusters.end, (*graph).reversed, down, &m.Destroy)
	m.DestroySeconds = environment.end
	m.DestroyPath = slices.Concat([]report.Step{}, clusters.path, environment.path)
	for _, steps := range [][]report.Step{m.Up, m.Destroy} {
		slices.SortStableFunc(steps, func(a, b report.Step) int {
			return cmp.Or(cmp.Compare(a.StartSeconds, b.StartSeconds), cmp.Compare(a.Resource, b.Resource))
		})
	}
	return m
}

// met counts how often each law was applied, in the order of docs/twin.md.
func met(journal []world.Op, dependencies []world.Dependency, matrix []report.Row, warnings []law.Warning) []report.Law {
	counts := map[string]*report.Law{}
	known := law.All()
	for _, l := range known {
		counts[l.ID] = &report.Law{ID: l.ID, Group: string(l.Group), Sentence: l.Sentence, Source: l.Source}
	}
	for _, d := range dependencies {
		counts[d.Law.ID].Dependencies++
	}
	refused := func(id string) {
		if id != "" {
			counts[id].Refusals++
		}
	}
	for _, op := range journal {
		for _, l := range op.Durations {
			counts[l.ID].Durations++
		}
		refused(law.Of(op.Err).ID)
	}
	for _, row := range matrix {
		refused(row.Law)
	}
	for _, w := range warnings {
		counts[w.Law.ID].Warnings++
	}
	laws := []report.Law{}
	for _, l := range known {
		if c := counts[l.ID]; c.Dependencies+c.Durations+c.Refusals+c.Warnings > 0 {
			laws = append(laws, *c)
		}
	}
	return laws
}
