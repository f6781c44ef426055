package cloud

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// same reports whether two values of the property at path mean the same.
func (s *Schema) same(path string, x, y any) bool {
	switch x := x.(type) {
	case string:
		if y, ok := y.(string); ok && slices.Contains(s.Documents, strings.ReplaceAll(path, "[]", "")) && equivalent(x, y) {
			return true
		}
	case map[string]any:
		y, ok := y.(map[string]any)
		return ok && len(x) == len(y) && s.sameKeys(path, x, y)
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		rest := slices.Clone(y)
		for i, e := range x {
			at := 0
			if slices.Contains(s.Sets, path) {
				at = slices.IndexFunc(rest, func(o any) bool { return s.same(path+"[]", e, o) })
			} else if !s.same(path+"[]", e, y[i]) {
				at = -1
			}
			if at < 0 {
				return false
			}
			rest = slices.Delete(rest, at, at+1)
		}
		return true
	}
	return reflect.DeepEqual(x, y)
}

func (s *Schema) sameKeys(path string, x, y map[string]any) bool {
	for key, v := range x {
		if o, there := y[key]; !there || !s.same(strings.TrimPrefix(path+"."+key, "."), v, o) {
			return false
		}
	}
	return true
}

// equivalent compares JSON documents as the provider compares policies: white
// space, the order of lists, and a list of one against its element do not count.
func equivalent(x, y string) bool {
	a, okA := canonical(x)
	b, okB := canonical(y)
	return okA && okB && bytes.Equal(a, b)
}

func canonical(document string) ([]byte, bool) {
	var v any
	if json.Unmarshal([]byte(document), &v) != nil {
		return nil, false
	}
	b, err := json.Marshal(unordered(v))
	return b, err == nil
}

func unordered(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			v[key] = unordered(e)
		}
	case []any:
		if len(v) == 1 {
			return unordered(v[0])
		}
		texts := make([]string, len(v))
		for i, e := range v {
			b, err := json.Marshal(unordered(e))
			if err != nil {
				return v // never: it was JSON before
			}
			texts[i] = string(b)
		}
		slices.Sort(texts)
		return texts
	}
	return v
}
