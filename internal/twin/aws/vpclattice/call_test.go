package vpclattice

import (
	"fmt"
	"testing"

	"eks-lattice/internal/twin/aws/cloud"
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
		{"GET", "/api/x", nil, 404}, {"POST", "/apix", nil, 404}, {"GET", "", map[string]string{"X-Env": "Canary"}, 203},
		{"GET", "", map[string]string{"x-env": "stable"}, 404},
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

// Requests go to target groups in proportion to the weights, and two listeners with
// the same id send the same requests to the same groups.
func TestShares(t *testing.T) {
	t.Parallel()
	const requests = 1000
	groups := []WeightedTargetGroup{{ID: "stable", Weight: 80}, {ID: "canary", Weight: 20}, {ID: "off", Weight: 0}}
	for _, id := range []string{"listener-1", "listener-2", "listener-3"} {
		one, two := &Listener{Meta: cloud.Meta{ID: id}}, &Listener{Meta: cloud.Meta{ID: id}}
		got := map[string]int{}
		for range requests {
			group := one.share(groups)
			got[group.ID]++
			if again := two.share(groups); again.ID != group.ID {
				t.Fatalf("the same request goes to %s and to %s", group.ID, again.ID)
			}
		}
		// 200 give or take four standard deviations of a binomial distribution, 12.6.
		if got["canary"] < 150 || got["canary"] > 250 || got["off"] != 0 {
			t.Errorf("%s: the groups got %v", id, got)
		}
	}
}
