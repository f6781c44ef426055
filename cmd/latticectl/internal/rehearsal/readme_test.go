package rehearsal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/report"
)

// checkReadmeSample compares the output and the times in README.md with a report.
func checkReadmeSample(t *testing.T, r *report.Report) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(readme), "\n```text\n")
	sample, _, _ = strings.Cut(sample, "\n```\n")
	var out bytes.Buffer
	report.Summarize(&out, r)
	printed := sameForAll(out.String())
	compared := 0
	for line := range strings.Lines(sample + "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "...") { // what the sample leaves out
			continue
		}
		compared++
		if !strings.Contains(printed, sameForAll(line)) {
			t.Errorf("README.md shows the line %q, which the rehearsal does not print:\n%s", line, printed)
		}
	}
	if compared < 15 {
		t.Errorf("compared only %d lines of README.md:\n%s", compared, sample)
	}
	for _, text := range []string{
		fmt.Sprintf("about %.0f minutes: ", r.Modelled.UpSeconds/60),
		fmt.Sprintf("This takes about %.0f minutes.", r.Modelled.DestroySeconds/60),
	} {
		if !strings.Contains(string(readme), text) {
			t.Errorf("README.md does not say %q", text)
		}
	}
}

// sameForAll replaces what differs between runs: the wall time, and which of two
// equal clusters is on the longest path.
func sameForAll(text string) string {
	text = regexp.MustCompile(`\([\d.]+ s\)`).ReplaceAllString(text, "(n s)")
	return regexp.MustCompile(`cluster[12]`).ReplaceAllString(text, "clusterN")
}
