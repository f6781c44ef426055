package rehearsal

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"eks-lattice/cmd/latticectl/internal/report"
)

// straightRows are the calls of a cluster's own pods past VPC Lattice: by
// address and by the Service's name, from two namespaces.
func straightRows(t *testing.T, rows []report.Row, cluster string) []report.Row {
	t.Helper()
	var found []report.Row
	for _, row := range rows {
		if row.Cluster == cluster && row.Case == "straight to the pod" {
			found = append(found, row)
		}
	}
	if len(found) != 4 {
		t.Fatalf("%d calls go straight to the pod of %s, want 4", len(found), cluster)
	}
	return found
}

// The way past IAM is closed, and opens for those who say so: on a running
// system, and back again.
func TestDirectAccess(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	for _, s := range r.stacks {
		if _, err := s.up(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
	check := func(open bool) {
		t.Helper()
		rows, err := r.matrix(r.track())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range straightRows(t, rows, "eks-cluster1") {
			if (row.Got == report.Allow) != open || row.DecidedBy != "NetworkPolicy" {
				t.Errorf("with directAccess %v: %+v", open, row)
			}
		}
		for _, row := range straightRows(t, rows, "eks-cluster2") {
			if row.Got == report.Allow {
				t.Errorf("another cluster's application is open too: %+v", row)
			}
		}
		for _, row := range rows { // what goes by VPC Lattice is as it was
			if row.Case != "straight to the pod" && row.Got != row.Expect {
				t.Errorf("%+v", row)
			}
		}
	}
	check(false)
	cluster := r.stacks[1]
	for _, open := range []string{"true", "false"} {
		if err := cluster.auto.SetConfigWithOptions(t.Context(), "eks-lattice:apps[0].directAccess",
			auto.ConfigValue{Value: open}, &auto.ConfigOptions{Path: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := cluster.up(t.Context(), r.track()); err != nil {
			t.Fatalf("directAccess %s: %v", open, err)
		}
		check(open == "true")
	}
}

// What the matrix expects follows the stack files.
func TestDirectAccessInTheMatrix(t *testing.T) {
	t.Parallel()
	p, err := loadProject(root, overlay(t, "config:\n  eks-lattice:role: cluster\n  eks-lattice:apps:\n"+
		"    - {name: open, namespace: apps, directAccess: true, allow: [{cluster: eks-cluster2, namespace: apps}]}\n"+
		"    - {name: closed, namespace: apps, allow: [{cluster: eks-cluster2, namespace: apps}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, c := range p.calls() {
		if c.what != "straight to the pod" || c.from.Cluster != "eks-cluster1" {
			continue
		}
		seen[c.to.Name]++
		if (c.expect == report.Allow) != (c.to.Name == "open") {
			t.Errorf("calling %s from %s is expected to be %s", c.to.Name, c.from.Namespace, c.expect)
		}
	}
	if seen["open"] != 4 || seen["closed"] != 4 {
		t.Errorf("calls: %v, want four of each", seen)
	}
}
