package cloud

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
)

// Text reads a property that is a string.
func Text(v any) string { s, _ := v.(string); return s }

// Truth reads a property that is a bool.
func Truth(v any) bool { b, _ := v.(bool); return b || v == "true" }

// Object reads a property that is an object.
func Object(v any) engine.Props { m, _ := v.(map[string]any); return m }

// Number reads a property that is a whole number.
func Number(v any) int {
	switch n := v.(type) {
	case float64:
		return int(n)
	case int:
		return n
	}
	return 0
}

// Texts reads a property that is a list of strings.
func Texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, Text(e))
	}
	return out
}

// Objects reads a property that is a list of objects.
func Objects(v any) []engine.Props {
	list, _ := v.([]any)
	out := make([]engine.Props, 0, len(list))
	for _, e := range list {
		out = append(out, Object(e))
	}
	return out
}

// List turns strings into a property.
func List(values []string) []any {
	out := make([]any, 0, len(values))
	for _, v := range values {
		out = append(out, v)
	}
	return out
}

// Merge lays over on top of base; either may be nil.
func Merge(base, over engine.Props) engine.Props {
	m := engine.Props{}
	maps.Copy(m, base)
	maps.Copy(m, over)
	return m
}

// overlay is Merge without what over sets to nil.
func overlay(base, over engine.Props) engine.Props {
	m := Merge(base, over)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m
}

// Tail returns what follows the last separator.
func Tail(s, separator string) string { return s[strings.LastIndex(s, separator)+1:] }

// Unique sorts and leaves out empty and repeated strings.
func Unique(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// UUID formats 32 hexadecimal digits.
func UUID(h string) string {
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:32])
}
