package twin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eks-lattice/internal/twin/law"
)

// Each package that registers laws runs their counterexamples. Package lawtest
// then sees to it that every law has one.
func TestEveryPackageRunsItsCounterexamples(t *testing.T) {
	t.Parallel()
	const module = "eks-lattice/internal/twin/"
	laws := law.All()
	if len(laws) == 0 {
		t.Fatal("the twin has no laws")
	}
	for _, l := range laws {
		dir, own := strings.CutPrefix(l.Package, module)
		text, err := os.ReadFile(filepath.Join(filepath.FromSlash(dir), "laws_test.go"))
		if !own || err != nil || !strings.Contains(string(text), "lawtest.Run(t, ") {
			t.Errorf("law %s: package %s has no counterexamples in laws_test.go: %v", l.ID, l.Package, err)
		}
	}
}
