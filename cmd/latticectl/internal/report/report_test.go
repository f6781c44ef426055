package report

import (
	"slices"
	"testing"
)

// A report is ok exactly when it has nothing to list, and each thing that
// spoils it is listed once.
func TestEveryReasonIsListed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*Report)
		want  string // the one failure; empty for none
	}{
		"nothing":   {func(*Report) {}, ""},
		"a warning": {func(r *Report) { r.Warnings = []string{"x"} }, ""},
		"an error": {func(r *Report) { r.Error = "building the program: exit status 1" },
			"the rehearsal stopped on its way: building the program: exit status 1"},
		"no stacks":    {func(r *Report) { r.Stacks = nil }, "no stack was deployed"},
		"no calls":     {func(r *Report) { r.Matrix = nil }, "nobody called: no stack has an application"},
		"an empty one": {func(r *Report) { r.Stacks[0] = Stack{Name: "cluster1"} }, "cluster1 created no resources"},
		"a second up": {func(r *Report) { r.Stacks[0].SecondUpChanges = 1 },
			"the second up of cluster1 changed 1 resources; it must change none"},
		"a destroy": {func(r *Report) { r.Stacks[0].Destroyed = 2 }, "cluster1 created 3 resources and destroyed 2"},
		"a call": {func(r *Report) { r.Matrix[0].Got = Deny },
			"eks-cluster1/apps calling http://demo.example.com: expected allow, got deny (service policy: no)"},
		"a special call": {func(r *Report) { r.Matrix[0].Got, r.Matrix[0].Case = Deny, "TLS by the app" },
			"eks-cluster1/apps calling http://demo.example.com TLS by the app: expected allow, got deny (service policy: no)"},
		"undeclared": {func(r *Report) {
			r.UndeclaredGroups = []UndeclaredGroup{{Message: "a worked only because b was there"}}
		}, "a worked only because b was there"},
		"a leftover": {func(r *Report) { r.Leftovers = []string{"zone Z1"} }, "left over: zone Z1"},
	} {
		r := &Report{
			Stacks: []Stack{{Name: "cluster1", Created: 3, Destroyed: 3}},
			Matrix: []Row{{
				Cluster: "eks-cluster1", Namespace: "apps", URL: "http://demo.example.com",
				Expect: Allow, Got: Allow, DecidedBy: "service policy", Body: "no",
			}},
		}
		tt.spoil(r)
		r.Settle()
		want := []string{}
		if tt.want != "" {
			want = append(want, tt.want)
		}
		if !slices.Equal(r.Failures, want) || r.OK != (len(want) == 0) {
			t.Errorf("%s: ok is %v with failures %q, want %q", name, r.OK, r.Failures, want)
		}
	}
}
