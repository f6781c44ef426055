package main

import (
	"regexp"
	"strings"
	"testing"
)

// docs/components.md shows an excerpt of the example, without its error handling.
func TestExampleInDocs(t *testing.T) {
	t.Parallel()
	source := readText(t, "examples/components/main.go")
	_, rest, begins := strings.Cut(source, "\tshared, err :=")
	excerpt, _, ends := strings.Cut("\tshared, err :="+rest, "\tctx.Export(")
	if !begins || !ends {
		t.Fatal("the example does not have the parts that docs/components.md shows")
	}
	excerpt = strings.ReplaceAll(excerpt, "\tif err != nil {\n\t\treturn err\n\t}\n", "")
	excerpt = regexp.MustCompile(`(?m)^\t`).ReplaceAllString(excerpt, "")
	if lines := strings.Count(excerpt, "\n"); lines > 20 {
		t.Errorf("the excerpt has %d lines", lines)
	}
	checkGenerated(t, "docs/components.md", "<!-- example -->\n", "<!-- /example -->", "```go\n"+excerpt+"```\n")
}
