package provider

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/theory/jsonpath"

	"eks-lattice/internal/twin/kube/obj"
)

var (
	braces     = regexp.MustCompile(`\{\s*(.*?)\s*\}`)
	pathParser = jsonpath.NewParser()
)

// meets evaluates one expression of pulumi.com/waitFor with the grammar and the
// errors of the provider:
// https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/jsonpath/jsonpath.go
func meets(content obj.Map, expression string) (met bool, found string, err error) {
	if name, ok := strings.CutPrefix(expression, "condition="); ok {
		want := "True"
		if n, value, ok := strings.Cut(name, "="); ok {
			name, want = n, value
		}
		for _, condition := range obj.Maps(content, "status", "conditions") {
			if strings.EqualFold(obj.Str(condition, "type"), name) {
				status := obj.Str(condition, "status")
				return strings.EqualFold(status, want), fmt.Sprintf(" (found %q: %s)", status, obj.Str(condition, "message")), nil
			}
		}
		return false, " (no such condition)", nil
	}
	raw, ok := strings.CutPrefix(expression, "jsonpath=")
	if !ok {
		return false, "", fmt.Errorf(`expected a "jsonpath=" or "condition=" prefix, got %q`, expression)
	}
	path, value, err := splitPath(raw)
	if err != nil {
		return false, "", err
	}
	inner := braces.FindStringSubmatch(path)
	if len(inner) != 2 {
		return false, "", fmt.Errorf("%s should be wrapped in brackets { ... }", path)
	}
	text := inner[1]
	if !strings.HasPrefix(text, "$") {
		text = "$" + text
	}
	parsed, err := pathParser.Parse(text)
	if err != nil {
		return false, "", fmt.Errorf("parsing %q: %w", path, err)
	}
	results := parsed.Select(content)
	if len(results) == 0 {
		return false, " (" + path + " selected nothing)", nil
	}
	switch v := results[0].(type) {
	case []any, obj.Map:
		if value != "" {
			return false, "", fmt.Errorf("%q has a non-primitive value (%v)", path, v)
		}
		return true, "", nil
	}
	text = fmt.Sprint(results[0])
	return value == "" || text == value, fmt.Sprintf(" (found %q)", text), nil
}

// splitPath splits at the one "=" that is not part of "==".
func splitPath(raw string) (path, value string, err error) {
	const placeholder = "\x00"
	parts := strings.Split(strings.ReplaceAll(raw, "==", placeholder), "=")
	path = strings.ReplaceAll(parts[0], placeholder, "==")
	switch {
	case len(parts) > 2:
		return "", "", fmt.Errorf("format should be {.path}=value or {.path}, got %q", raw)
	case strings.HasPrefix(path, "'") && strings.HasSuffix(path, "'"):
		return "", "", fmt.Errorf("%s should omit shell quotes", path)
	case len(parts) == 2:
		if value = strings.ReplaceAll(parts[1], placeholder, "=="); value == "" {
			return "", "", fmt.Errorf("%s= requires a value", path)
		}
	}
	return path, value, nil
}
