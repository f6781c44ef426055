package rehearsal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/authpolicy"
)

// What the program sends for examples/callers, in words.
func TestPoliciesInWords(t *testing.T) {
	t.Parallel()
	r := deployment(t, "../../../../examples/callers")
	r.up(t, r.stacks[:2]...)
	var items []any
	for _, cluster := range r.twin.Snapshot().Clusters {
		for _, p := range cluster.AuthPolicies {
			items = append(items, p)
		}
	}
	text, err := json.Marshal(map[string]any{"kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := authpolicy.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rule := range rules {
		if rule.Application == "orders" {
			got = append(got, strings.Join(slices.Concat(rule.Methods, rule.Paths, []string{rule.Callers}, rule.Conditions), " "))
		}
	}
	want := []string{
		"GET HEAD /v1/* pods of namespace apps in cluster eks-cluster2",
		"POST /v1/invoices /v1/invoices/* pods of service account billing in namespace apps in cluster eks-cluster2",
		"pods of service account nightly in namespace jobs in cluster eks-cluster2",
		"GET /v1/reports/* role arn:aws:iam::123456789012:role/reports",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
