package rehearsal

import (
	"encoding/json"
	"reflect"
	"testing"

	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

func urn(stack, typ, name string) string {
	return "urn:pulumi:" + stack + "::eks-lattice::" + typ + "::" + name
}

// checkpoint is a small deployment: b needs a by an option, c by a property, d
// is a child of c, e uses the provider p.
const checkpoint = `{"resources": [
	{"urn": "urn:pulumi:s::eks-lattice::pulumi:providers:aws::p"},
	{"urn": "urn:pulumi:s::eks-lattice::t::a"},
	{"urn": "urn:pulumi:s::eks-lattice::t::b", "dependencies": ["urn:pulumi:s::eks-lattice::t::a"]},
	{"urn": "urn:pulumi:s::eks-lattice::t::c", "propertyDependencies": {"id": ["urn:pulumi:s::eks-lattice::t::b"]}},
	{"urn": "urn:pulumi:s::eks-lattice::t$t::d", "parent": "urn:pulumi:s::eks-lattice::t::c"},
	{"urn": "urn:pulumi:s::eks-lattice::t::e", "provider": "urn:pulumi:s::eks-lattice::pulumi:providers:aws::p::0815"}
]}`

func TestGraphReaches(t *testing.T) {
	t.Parallel()
	g, err := parseGraph(json.RawMessage(checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	a, d, e := urn("s", "t", "a"), urn("s", "t$t", "d"), urn("s", "t", "e")
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{d, a, true},
		{a, d, false},
		{e, urn("s", "pulumi:providers:aws", "p"), true},
		{e, a, false},
		{a, a, false},
	} {
		if got := g.reaches(tt.from, tt.to); got != tt.want {
			t.Errorf("reaches(%s, %s) = %v, want %v", short(tt.from), short(tt.to), got, tt.want)
		}
	}
}

func TestScheduleFollowsTheLongestChain(t *testing.T) {
	t.Parallel()
	g, err := parseGraph(json.RawMessage(checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	a, b, c, d, e := urn("s", "t", "a"), urn("s", "t", "b"), urn("s", "t", "c"), urn("s", "t$t", "d"), urn("s", "t", "e")
	seconds := map[string]float64{a: 10, c: 5, d: 1, e: 12}
	up := g.schedule(seconds, 100)
	if up.end != 116 {
		t.Errorf("up ends at %v, want 116", up.end)
	}
	want := []Step{{a, 100, 10}, {c, 110, 5}, {d, 115, 1}}
	if !reflect.DeepEqual(up.path, want) {
		t.Errorf("critical path = %v, want %v", up.path, want)
	}
	down := g.reversed().schedule(map[string]float64{a: 1, b: 1, c: 1, d: 20, e: 3}, 0)
	if down.end != 23 {
		t.Errorf("destroy ends at %v, want 23: d, c, b, a one after the other", down.end)
	}
}

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
	for name, tt := range map[string]struct {
		dependency world.Dependency
		want       []string
	}{
		"a dependency":            {dependency(d, a, world.Create), nil},
		"no dependency":           {dependency(e, a, world.Create), []string{"t e was created after t a only by chance: it does not depend on it [law some-order]"}},
		"deleted first by chance": {dependency(e, a, world.Delete), []string{"t e was deleted before t a only by chance: it does not depend on it [law some-order]"}},
		"time enough":             {after(dependency(d, a, world.Create), 5), nil},
		"too soon":                {after(dependency(d, a, world.Create), 6), []string{"t d is created 5 s after t a, which takes 6 s, and nothing waits [law some-order]"}},
		"time to delete":          {after(dependency(d, a, world.Delete), 8), nil},
		"deleted too soon":        {after(dependency(d, a, world.Delete), 9), []string{"t d is deleted 8 s before t a, which takes 9 s, and nothing waits [law some-order]"}},
		"an earlier stack":        {dependency(e, env, world.Create), nil},
		"a stack side by side":    {dependency(e, urn("other", "t", "x"), world.Create), []string{"t e was created after t x only by chance: it does not depend on it [law some-order]"}},
		"an earlier one a later":  {dependency(env, e, world.Create), []string{"t network was created after t e only by chance: it does not depend on it [law some-order]"}},
	} {
		if got := undeclared([]world.Dependency{tt.dependency}, graphs, rank, journal); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: undeclared = %q, want %q", name, got, tt.want)
		}
	}
}
