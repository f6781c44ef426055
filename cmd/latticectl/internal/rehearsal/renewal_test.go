package rehearsal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"eks-lattice/internal/twin/aws/acm"
)

// overlayWith is a folder with a stack file of the project and more lines.
func overlayWith(t *testing.T, file, lines string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	overlay := t.TempDir()
	if err := os.WriteFile(filepath.Join(overlay, file), append(text, lines...), 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// up deploys stacks one after the other.
func (r *run) up(t *testing.T, stacks ...*stack) {
	t.Helper()
	for _, s := range stacks {
		if _, err := s.up(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
}

// checkCalls makes every call of the matrix.
func (r *run) checkCalls(t *testing.T, when string) {
	t.Helper()
	rows, err := r.matrix(r.track())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.Got != row.Expect {
			t.Errorf("%s: %s/%s calling %s %s: expected %s, got %s (%s: %s)",
				when, row.Cluster, row.Namespace, row.URL, row.Case, row.Expect, row.Got, row.DecidedBy, row.Body)
		}
	}
}

// The certificate is renewed in its last 30 days, the CA in its last 395, and
// protection refuses neither. A CA of three years is in its window after 700 days.
func TestProtectedCARenews(t *testing.T) {
	t.Parallel()
	r := deployment(t, overlayWith(t, "Pulumi.environment.yaml",
		"  eks-lattice:caMode: self-managed\n  eks-lattice:caValidityYears: 3\n  eks-lattice:protectCa: true\n"))
	environment, clusters := r.stacks[0], r.stacks[1:]
	certificates := func() (leaf, authority string) {
		c := r.twin.Snapshot().Account.Certificates[0]
		return c.CertPEM, c.ChainPEM
	}
	forward := func(days int) {
		r.twin.World.Look(func() { acm.Forward(r.twin.AWS.Account, time.Duration(days)*24*time.Hour) })
	}
	r.up(t, r.stacks...)
	r.checkCalls(t, "on the first day")
	day := 0
	for _, step := range []struct {
		day             int
		leaf, authority bool // renewed
	}{
		{day: 300},
		{day: 370, leaf: true},
		{day: 705, leaf: true, authority: true},
	} {
		forward(step.day - day)
		day = step.day
		leaf, authority := certificates()
		r.up(t, environment)
		newLeaf, newAuthority := certificates()
		if (newLeaf != leaf) != step.leaf || (newAuthority != authority) != step.authority {
			t.Errorf("day %d: the up renewed the certificate: %v, the CA: %v; want %v, %v",
				step.day, newLeaf != leaf, newAuthority != authority, step.leaf, step.authority)
		}
		r.checkCalls(t, "after the environment's up")
		r.up(t, clusters...)
		r.checkCalls(t, "after the clusters' up")
	}
	// The protection holds for what it is meant for.
	for _, s := range backwards(clusters) {
		if _, err := s.destroy(t.Context(), r.track()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := environment.destroy(t.Context(), r.track()); err == nil || !strings.Contains(err.Error(), "protect") {
		t.Errorf("destroying a protected CA: %v", err)
	}
	if err := environment.auto.SetConfig(t.Context(), "eks-lattice:protectCa", auto.ConfigValue{Value: "false"}); err != nil {
		t.Fatal(err)
	}
	r.up(t, environment)
	if _, err := environment.destroy(t.Context(), r.track()); err != nil {
		t.Error(err)
	}
	if left := r.twin.Leftovers(); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}
