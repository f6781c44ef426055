package api

import (
	"fmt"
	"reflect"

	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"eks-lattice/internal/twin/kube/obj"
)

// Live returns the fields that an applied configuration names as the object has
// them now. List items are found by their keys, as server-side apply finds them.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
func (s *Server) Live(o *Object, applied obj.Map) (obj.Map, error) {
	if holds(o.Content, applied) { // nearly always, and far quicker to see
		return applied, nil
	}
	k, err := s.kind(o.gvk)
	if err != nil {
		return nil, err
	}
	config, err := typedOf(k, obj.Copy(applied))
	if err != nil {
		return nil, fmt.Errorf("reading what was applied to %s: %w", o.Key, err)
	}
	named, err := config.ToFieldSet()
	if err != nil {
		return nil, fmt.Errorf("listing the fields that were applied to %s: %w", o.Key, err)
	}
	now := obj.Copy(o.Content)
	now["apiVersion"] = applied["apiVersion"]
	live, err := typedOf(k, now)
	if err != nil {
		return nil, fmt.Errorf("reading the stored %s: %w", o.Key, err)
	}
	found, ok := live.ExtractItems(named.Leaves(), typed.WithAppendKeyFields()).AsValue().Unstructured().(obj.Map)
	if !ok {
		return obj.Map{}, nil
	}
	out, _ := among(applied, obj.Copy(found)).(obj.Map)
	return out, nil
}

// among leaves of a live value what the applied one names: lists that are taken
// whole hold defaults of the server too. What is the same keeps its Go types.
func among(applied, live any) any {
	switch a := applied.(type) {
	case obj.Map:
		l, ok := live.(obj.Map)
		if !ok {
			return live
		}
		out := obj.Map{}
		for key, v := range a {
			if now, there := l[key]; there {
				out[key] = among(v, now)
			} else if empty(v) {
				out[key] = v
			}
		}
		return out
	case []any:
		l, ok := live.([]any)
		if !ok {
			return live
		}
		out := make([]any, len(l))
		for i, v := range l {
			out[i] = v
			if i < len(a) {
				out[i] = among(a[i], v)
			}
		}
		return out
	}
	if equal(live, applied) {
		return applied
	}
	return live
}

// holds reports whether a live value has all of the applied one, list item by
// list item.
func holds(live, applied any) bool {
	switch a := applied.(type) {
	case obj.Map:
		l, ok := live.(obj.Map)
		for key, v := range a {
			if now, there := l[key]; !there && !empty(v) || there && !holds(now, v) {
				return false
			}
		}
		return ok
	case []any:
		l, ok := live.([]any)
		if !ok || len(l) != len(a) {
			return false
		}
		for i, v := range a {
			if !holds(l[i], v) {
				return false
			}
		}
		return true
	}
	return equal(live, applied)
}

func equal(x, y any) bool {
	a, whole := obj.Number(x)
	b, too := obj.Number(y)
	return whole && too && a == b || reflect.DeepEqual(x, y)
}

// empty reports whether a value is no different from none to the server.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case obj.Map:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}
