package obj

// Clone copies maps and lists, and keeps all other values as they are. Copy
// cleans them.
func Clone(m Map) Map { return clone(m).(Map) }

func clone(v any) any {
	switch v := v.(type) {
	case Map:
		out := make(Map, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
