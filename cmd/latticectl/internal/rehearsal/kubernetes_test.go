package rehearsal

import (
	"math/big"
	"strings"
	"testing"

	kube "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// The program reads quantities as Kubernetes does, without its libraries.
func TestQuantitiesOfKubernetes(t *testing.T) {
	t.Parallel()
	numbers := []string{"", "0", "1", "00", "01.50", ".5", "5.", ".", "0.1", "1.0000000001", "123456789012345678901234567890", "1_0", "٣"}
	suffixes := []string{
		"", "n", "u", "m", "k", "K", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "mi", "ki", "B", "GB", "e", "e3", "E3",
		"e+2", "E-2", "e-30", "e40", "ee", "e3.", " ", "M i", "iK",
	}
	known := 0
	for _, sign := range []string{"", "+", "-", "--"} {
		for _, number := range numbers {
			for _, suffix := range suffixes {
				text := sign + number + suffix
				if !strings.ContainsAny(number, "0123456789") {
					// Kubernetes takes some of these for 0, although its grammar requires a digit.
					if _, ok := check.ParseQuantity(text); ok {
						t.Errorf("%q: the program accepts it", text)
					}
					continue
				}
				want, err := kube.ParseQuantity(text)
				got, ok := check.ParseQuantity(text)
				if ok != (err == nil) {
					t.Errorf("%q: Kubernetes says %v, the program accepts it: %t", text, err, ok)
					continue
				}
				if !ok {
					continue
				}
				known++
				if got.Num().BitLen() > 62+got.Denom().BitLen() {
					continue // Kubernetes caps some of these, and no node has so much
				}
				digits := want.AsDec().String()
				if exact, ok := new(big.Rat).SetString(digits); !ok || exact.Cmp(got) != 0 {
					t.Errorf("%q: got %s, want %s", text, got, digits)
				}
			}
		}
	}
	if known < 300 {
		t.Errorf("only %d quantities are valid", known)
	}
}

// Names of labels and of variables are those that Kubernetes accepts.
func TestNamesOfKubernetes(t *testing.T) {
	t.Parallel()
	names := []string{
		"", "a", "A", "0", "a-b", "a_b", "a.b", "-a", "a-", "a/b", "a.b/c", "A.b/c", "/a", "a/", "a/b/c", "a b", "a=b", "ä", "a\tb", "a..b/c",
		strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 63) + "/b", strings.Repeat("a.", 127) + "/b",
		strings.Repeat("a.", 126) + "a/b", strings.Repeat("a", 64) + "/b", "LOG_LEVEL", "1A", "a:b", "$", "~", " ",
	}
	for _, name := range names {
		for what, pair := range map[string]struct {
			real []string
			ours func(*problem.List)
		}{
			"label": {validation.IsQualifiedName(name),
				func(l *problem.List) { check.PodLabels(l, "", map[string]string{name: ""}) }},
			"value": {validation.IsValidLabelValue(name),
				func(l *problem.List) { check.PodLabels(l, "", map[string]string{"a": name}) }},
			"variable": {validation.IsRelaxedEnvVarName(name),
				func(l *problem.List) { check.Env(l, "", map[string]string{name: ""}) }},
			"object": {validation.IsDNS1123Subdomain(name),
				func(l *problem.List) { check.ObjectName(l, "", name) }},
		} {
			var found problem.List
			if pair.ours(&found); (len(found) == 0) != (len(pair.real) == 0) {
				t.Errorf("%s %q: Kubernetes says %v, the program %v", what, name, pair.real, found)
			}
		}
	}
}
