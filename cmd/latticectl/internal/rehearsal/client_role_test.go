package rehearsal

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"eks-lattice/cmd/latticectl/internal/report"
)

// The way that docs/operations.md shows: calls are answered after each step.
func TestClientRoleChangesWithoutAGap(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	environment, clusters := r.stacks[0], r.stacks[1:]
	set := func(key, value string) {
		t.Helper()
		if err := environment.auto.SetConfig(t.Context(), "eks-lattice:"+key, auto.ConfigValue{Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	r.up(t, r.stacks...)
	r.checkCalls(t, "before")

	set("clientRoleName", "vpc-lattice-client")
	set("formerClientRoleName", "vpc-lattice-sigv4-client")
	r.up(t, environment)
	r.checkCalls(t, "with both roles")
	for _, s := range clusters {
		r.up(t, s)
		r.checkCalls(t, "with "+s.file.name+" on the new role")
	}
	set("formerClientRoleName", "")
	r.up(t, environment)
	r.checkCalls(t, "without the former role")
	for _, role := range r.twin.Snapshot().Account.Roles {
		if role.Name == "vpc-lattice-sigv4-client" {
			t.Error("the former role is still there")
		}
	}
	for _, s := range r.stacks {
		if changed, err := s.up(t.Context(), r.track()); err != nil || changed != 0 {
			t.Errorf("another up of %s changed %d resources: %v", s.file.name, changed, err)
		}
	}
}

// Without the former role the callers are cut off, until their pods are new.
func TestClientRoleChangesAtOnce(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	environment, clusters := r.stacks[0], r.stacks[1:]
	r.up(t, r.stacks...)
	key, value := "eks-lattice:clientRoleName", auto.ConfigValue{Value: "vpc-lattice-client"}
	if err := environment.auto.SetConfig(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
	r.up(t, environment)
	rows, err := r.matrix(r.track())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.Got == report.Allow {
			t.Errorf("%s reached %s with credentials of a role that is gone", row.Cluster, row.URL)
		}
	}
	if !strings.Contains(rows[0].DecidedBy, "signature") {
		t.Errorf("the first call was decided by %s: %s", rows[0].DecidedBy, rows[0].Body)
	}
	r.up(t, clusters...)
	r.checkCalls(t, "with new pods")
}
