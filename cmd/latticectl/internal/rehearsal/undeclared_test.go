package rehearsal

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

func TestUndeclaredDependencies(t *testing.T) {
	t.Parallel()
	g, err := parseGraph(json.RawMessage(checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	a, d, e := urn("s", "t", "a"), urn("s", "t$t", "d"), urn("s", "t", "e")
	env := urn("environment", "t", "network")
	order := law.Law{ID: "some-order"}
	dependency := func(by, on string, during world.Action) world.Dependency {
		return world.Dependency{Dependent: by, On: on, During: during, Law: order}
	}
	after := func(n world.Dependency, seconds float64) world.Dependency {
		n.After = seconds
		return n
	}
	b, c := urn("s", "t", "b"), urn("s", "t", "c")
	journal := []world.Op{
		{URN: a, Action: world.Create, Seconds: 10}, {URN: c, Action: world.Create, Seconds: 5},
		{URN: d, Action: world.Delete, Seconds: 20}, {URN: c, Action: world.Delete, Seconds: 5}, {URN: b, Action: world.Delete, Seconds: 3},
	}
	rank := map[string]int{"environment": 0, "s": 1, "other": 1}
	graphs := map[string]*graph{"s": g}
	// chance is the sentence about an undeclared dependency.
	chance := func(dependent, order, on string) []string {
		return []string{"t " + dependent + " was " + order + " t " + on + " only by chance: it does not depend on it [law some-order]"}
	}
	soon := func(order, takes string) []string {
		return []string{"t d is " + order + " t a, which takes " + takes + ", and nothing waits [law some-order]"}
	}
	for name, tt := range map[string]struct {
		dependency world.Dependency
		want       []string
	}{
		"a dependency":            {dependency(d, a, world.Create), nil},
		"no dependency":           {dependency(e, a, world.Create), chance("e", "created after", "a")},
		"deleted first by chance": {dependency(e, a, world.Delete), chance("e", "deleted before", "a")},
		"time enough":             {after(dependency(d, a, world.Create), 5), nil},
		"too soon":                {after(dependency(d, a, world.Create), 6), soon("created 5 s after", "6 s")},
		"time to delete":          {after(dependency(d, a, world.Delete), 8), nil},
		"deleted too soon":        {after(dependency(d, a, world.Delete), 9), soon("deleted 8 s before", "9 s")},
		"an earlier stack":        {dependency(e, env, world.Create), nil},
		"a stack side by side":    {dependency(e, urn("other", "t", "x"), world.Create), chance("e", "created after", "x")},
		"an earlier one a later":  {dependency(env, e, world.Create), chance("network", "created after", "e")},
	} {
		got := sentences(undeclared([]world.Dependency{tt.dependency}, graphs, rank, journal))
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: undeclared = %q, want %q", name, got, tt.want)
		}
	}
}

// One mistake is one line, with the edge that mends it.
func TestUndeclaredDependenciesAreGrouped(t *testing.T) {
	t.Parallel()
	vpc, role, cluster := urn("s", "t", "vpc"), urn("s", "t", "role"), urn("s", "t", "cluster")
	app, pod, other := urn("s", "t", "app"), urn("s", "t", "pod"), urn("other", "t", "x")
	graphs := map[string]*graph{"s": {
		order: []string{vpc, role, cluster, app, pod},
		deps:  map[string][]string{cluster: {vpc, role}, pod: {app}},
	}}
	create := func(by, on, reason string) world.Dependency {
		return world.Dependency{Dependent: by, On: on, During: world.Create, Law: law.Law{ID: reason}}
	}
	destroy := create(app, vpc, "x")
	destroy.During = world.Delete
	late := create(pod, app, "x")
	late.After = 6
	type group struct {
		count   int
		add     []string
		message string
	}
	for name, tt := range map[string]struct {
		dependencies []world.Dependency
		want         []group
	}{
		"nothing": {},
		"one": {[]world.Dependency{create(app, vpc, "x")}, []group{
			{1, []string{vpc}, "t app was created after t vpc only by chance: let it depend on it [law x]"}}},
		"one that implies the other": {[]world.Dependency{create(app, vpc, "x"), create(app, cluster, "x")}, []group{
			{2, []string{cluster}, "t app was created after 2 resources, such as t cluster, only by chance: let it depend on t cluster [law x]"}}},
		"two, and a third that depends on both": {[]world.Dependency{create(app, vpc, "x"), create(app, role, "x")}, []group{
			{2, []string{cluster}, "t app was created after 2 resources, such as t role, only by chance: let it depend on t cluster [law x]"}}},
		// The pod depends on the application itself.
		"two without a third": {[]world.Dependency{create(vpc, app, "x"), create(vpc, role, "x")}, []group{
			{2, []string{app, role}, "t vpc was created after 2 resources, such as t app, only by chance: " +
				"let it depend on t app and t role [law x]"}}},
		"two laws": {[]world.Dependency{create(app, vpc, "y"), create(app, role, "x")}, []group{
			{1, []string{role}, "t app was created after t role only by chance: let it depend on it [law x]"},
			{1, []string{vpc}, "t app was created after t vpc only by chance: let it depend on it [law y]"}}},
		"up and destroy": {[]world.Dependency{create(app, vpc, "x"), destroy}, []group{
			{1, []string{vpc}, "t app was created after t vpc only by chance: let it depend on it [law x]"},
			{1, []string{vpc}, "t app was deleted before t vpc only by chance: let it depend on it [law x]"}}},
		"a circle": {[]world.Dependency{create(vpc, cluster, "x")}, []group{
			{1, []string{}, "t vpc was created after t cluster only by chance: no dependency of Pulumi can order them [law x]"}}},
		"another stack": {[]world.Dependency{create(app, other, "x")}, []group{
			{1, []string{}, "t app was created after t x only by chance: no dependency of Pulumi can order them [law x]"}}},
		"too soon": {[]world.Dependency{late}, []group{
			{1, []string{}, "t pod is created 0 s after t app, which takes 6 s, and nothing waits [law x]"}}},
	} {
		found := undeclared(tt.dependencies, graphs, map[string]int{}, nil)
		if len(sentences(found)) != len(tt.dependencies) {
			t.Errorf("%s: %d of %d dependencies are listed", name, len(found), len(tt.dependencies))
		}
		var got []group
		for _, g := range grouped(found, graphs) {
			got = append(got, group{g.Count, g.Add, g.Message})
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tt.want)
		}
	}
}
