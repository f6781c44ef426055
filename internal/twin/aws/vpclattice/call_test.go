package vpclattice

import (
	"fmt"
	"testing"

	"eks-lattice/internal/twin/lattice"
)

func TestRules(t *testing.T) {
	t.Parallel()
	listener := &Listener{Default: RuleAction{FixedStatus: 404}, Rules: []*Rule{
		{Priority: 1, PathExact: "/exact", Action: RuleAction{FixedStatus: 201}},
		{Priority: 2, PathPrefix: "/api/", Method: "POST", Action: RuleAction{FixedStatus: 202}},
		{Priority: 3, Headers: map[string]string{"x-env": "canary"}, Action: RuleAction{FixedStatus: 203}},
	}}
	for _, c := range []struct {
		method, path string
		headers      map[string]string
		want         int
	}{
		{"GET", "/exact", nil, 201}, {"GET", "/exact/more", nil, 404}, {"POST", "/api", nil, 202}, {"POST", "/api/x", nil, 202},
		{"GET", "/api/x", nil, 404}, {"POST", "/apix", nil, 404}, {"GET", "", map[string]string{"x-env": "canary"}, 203},
	} {
		t.Run(fmt.Sprint(c.method, c.path), func(t *testing.T) {
			t.Parallel()
			got := listener.match(Call{Request: lattice.Request{Method: c.method, Path: c.path, Headers: c.headers}})
			if got.FixedStatus != c.want {
				t.Errorf("rule %d, want %d", got.FixedStatus, c.want)
			}
		})
	}
}
