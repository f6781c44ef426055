package sidecar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// celPatches returns the CEL list of JSON patches that adds the parts to a pod.
// Each part is inserted at the front of a list, or appended to one, that may not
// exist yet. Unlike a merge of keyed lists, a JSON patch defines the order.
func celPatches(parts PodParts) (string, error) {
	var terms []string
	add := func(list, index string, values []map[string]any) error {
		terms = append(terms, fmt.Sprintf(
			`(has(object.spec.%[1]s) ? [] : [JSONPatch{op: "add", path: "/spec/%[1]s", value: []}])`, list))
		var patches []string
		for _, v := range values {
			value, err := celValue("Object.spec."+list, v, "    ")
			if err != nil {
				return err
			}
			patches = append(patches, fmt.Sprintf(
				"  JSONPatch{\n    op: \"add\", path: \"/spec/%s/%s\",\n    value: %s\n  }", list, index, value))
		}
		terms = append(terms, "[\n"+strings.Join(patches, ",\n")+"\n]")
		return nil
	}
	// Each is inserted at 0, so the last one inserted is the first in the pod.
	containers := slices.Clone(parts.InitContainers)
	slices.Reverse(containers)
	if err := add("initContainers", "0", containers); err != nil {
		return "", err
	}
	if err := add("volumes", "-", parts.Volumes); err != nil {
		return "", err
	}
	return strings.Join(terms, " +\n"), nil
}

var celIdentifier = regexp.MustCompile(`^[_a-zA-Z][_a-zA-Z0-9]*$`)

// celValue renders a value of a JSON type as a CEL literal. Maps become typed
// object literals, because CEL in Kubernetes does not allow maps of mixed types.
// The type is named after the field's path, which the API server's patcher checks.
func celValue(typeName string, value any, indent string) (string, error) {
	inner := indent + "  "
	switch v := value.(type) {
	case string:
		return strconv.Quote(v), nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			text, err := celValue(typeName, item, indent)
			if err != nil {
				return "", err
			}
			items[i] = text
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			if !celIdentifier.MatchString(k) {
				return "", fmt.Errorf("writing %s as CEL: field %q is not an identifier", typeName, k)
			}
			keys = append(keys, k)
		}
		slices.Sort(keys)
		var b strings.Builder
		b.WriteString(typeName + "{\n")
		for i, k := range keys {
			text, err := celValue(typeName+"."+k, v[k], inner)
			if err != nil {
				return "", err
			}
			b.WriteString(inner + k + ": " + text)
			if i < len(keys)-1 {
				b.WriteString(",")
			}
			b.WriteString("\n")
		}
		b.WriteString(indent + "}")
		return b.String(), nil
	}
	return "", fmt.Errorf("writing %s as CEL: a %T does not have a literal", typeName, value)
}
