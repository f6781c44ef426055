// Package obj reads and writes Kubernetes objects as plain JSON values.
package obj

import (
	"maps"
	"math"
	"slices"
)

// Map is a JSON object.
type Map = map[string]any

// Get follows path through maps; nil when a part is missing.
func Get(m Map, path ...string) any {
	var v any = m
	for _, p := range path {
		o, ok := v.(Map)
		if !ok {
			return nil
		}
		v = o[p]
	}
	return v
}

// Str is Get for a string; empty when it is none.
func Str(m Map, path ...string) string {
	s, _ := Get(m, path...).(string)
	return s
}

// Int is Get for a whole number; 0 when it is none.
func Int(m Map, path ...string) int64 {
	n, _ := Number(Get(m, path...))
	return n
}

// Number reads a whole number in any of the types that JSON decoders give.
func Number(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case float64:
		return int64(n), n == math.Trunc(n)
	}
	return 0, false
}

// Bool is Get for a boolean.
func Bool(m Map, path ...string) bool {
	b, _ := Get(m, path...).(bool)
	return b
}

// At is Get for a map; nil when it is none.
func At(m Map, path ...string) Map {
	o, _ := Get(m, path...).(Map)
	return o
}

// List is Get for a list.
func List(m Map, path ...string) []any {
	l, _ := Get(m, path...).([]any)
	return l
}

// Maps is Get for a list of maps; other elements are left out.
func Maps(m Map, path ...string) []Map {
	var out []Map
	for _, e := range List(m, path...) {
		if o, ok := e.(Map); ok {
			out = append(out, o)
		}
	}
	return out
}

// Strings is Get for a list of strings; other elements are left out.
func Strings(m Map, path ...string) []string {
	var out []string
	for _, e := range List(m, path...) {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// StringMap is Get for a map of strings; other values are left out.
func StringMap(m Map, path ...string) map[string]string {
	out := map[string]string{}
	for k, v := range At(m, path...) {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

// Named returns the first map of a list whose name is given, nil when there is none.
func Named(list []Map, name string) Map {
	for _, m := range list {
		if Str(m, "name") == name {
			return m
		}
	}
	return nil
}

// HasNamed reports whether a list has a map of the name.
func HasNamed(list []Map, name string) bool { return Named(list, name) != nil }

// Set writes v at path and creates the maps on the way.
func Set(m Map, v any, path ...string) {
	for _, p := range path[:len(path)-1] {
		next, ok := m[p].(Map)
		if !ok {
			next = Map{}
			m[p] = next
		}
		m = next
	}
	m[path[len(path)-1]] = v
}

// Default writes v at path unless the path has a value.
func Default(m Map, v any, path ...string) {
	if Get(m, path...) == nil {
		Set(m, v, path...)
	}
}

// Delete deletes the value at path.
func Delete(m Map, path ...string) {
	if o := At(m, path[:len(path)-1]...); o != nil {
		delete(o, path[len(path)-1])
	}
}

// Copy is a deep copy in which every whole number is an int64, as in objects
// that Kubernetes decodes, without nulls inside maps.
func Copy(m Map) Map {
	if m == nil {
		return nil
	}
	return clean(m).(Map)
}

func clean(v any) any {
	switch v := v.(type) {
	case Map:
		out := make(Map, len(v))
		for k, e := range v {
			if e != nil {
				out[k] = clean(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clean(e)
		}
		return out
	case []string:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = e
		}
		return out
	case []Map:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clean(e)
		}
		return out
	case map[string]string:
		out := make(Map, len(v))
		for k, e := range v {
			out[k] = e
		}
		return out
	case float64:
		if n, whole := Number(v); whole {
			return n
		}
	case int:
		return int64(v)
	case int32:
		return int64(v)
	}
	return v
}

// Keys are the sorted keys.
func Keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
