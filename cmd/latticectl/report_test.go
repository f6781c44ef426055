package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"eks-lattice/cmd/latticectl/internal/report"
)

// docs/architecture.md shows the keys of the report in their order.
func TestReportInDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### The report\n")
	section, _, _ = strings.Cut(section, "\n#")
	var shown []string
	for _, m := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(section, -1) {
		shown = append(shown, m[1])
	}
	if want := keys(reflect.TypeFor[report.Report]()); !slices.Equal(shown, want) {
		t.Errorf("docs/architecture.md shows the keys\n%q\nthe report has\n%q", shown, want)
	}
}

// keys are the JSON keys of a type and of the types in it, depth first.
func keys(typ reflect.Type) (found []string) {
	if typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
		return keys(typ.Elem())
	}
	if typ.Kind() == reflect.Struct {
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			found = append(append(found, name), keys(field.Type)...)
		}
	}
	return found
}
