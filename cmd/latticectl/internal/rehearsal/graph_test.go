package rehearsal

import (
	"encoding/json"
	"reflect"
	"testing"

	"eks-lattice/cmd/latticectl/internal/report"
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
			t.Errorf("reaches(%s, %s) = %v, want %v", report.Short(tt.from), report.Short(tt.to), got, tt.want)
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
	want := []report.Step{
		{Resource: a, StartSeconds: 100, Seconds: 10}, {Resource: c, StartSeconds: 110, Seconds: 5}, {Resource: d, StartSeconds: 115, Seconds: 1},
	}
	if !reflect.DeepEqual(up.path, want) {
		t.Errorf("critical path = %v, want %v", up.path, want)
	}
	down := g.reversed().schedule(map[string]float64{a: 1, b: 1, c: 1, d: 20, e: 3}, 0)
	if down.end != 23 {
		t.Errorf("destroy ends at %v, want 23: d, c, b, a one after the other", down.end)
	}
}
