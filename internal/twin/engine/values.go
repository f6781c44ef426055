package engine

import (
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// plain turns properties into Go values, without secret wrappers.
func plain(m resource.PropertyMap) Props {
	return m.MapRepl(nil, func(v resource.PropertyValue) (any, bool) {
		switch {
		case v.IsSecret():
			return value(v.SecretValue().Element), true
		case v.IsOutput():
			if !v.OutputValue().Known {
				return resource.Computed{Element: resource.NewProperty("")}, true
			}
			return value(v.OutputValue().Element), true
		case v.IsComputed():
			return v.V, true
		}
		return nil, false
	})
}

func value(v resource.PropertyValue) any {
	return plain(resource.PropertyMap{"v": v})["v"]
}

// properties turns Go values into properties, by way of JSON where a backend
// answers with its own structs.
func properties(p Props) resource.PropertyMap {
	if p == nil {
		return resource.PropertyMap{}
	}
	if !holdsUnknown(p) {
		b, err := json.Marshal(p)
		if err == nil {
			var clean Props
			if json.Unmarshal(b, &clean) == nil {
				p = clean
			}
		}
	}
	return resource.NewPropertyMapFromMap(p)
}

// holdsUnknown reports whether v holds unknowns, which JSON cannot carry.
func holdsUnknown(v any) bool {
	switch v := v.(type) {
	case resource.Computed:
		return true
	case map[string]any:
		for _, e := range v {
			if holdsUnknown(e) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if holdsUnknown(e) {
				return true
			}
		}
	}
	return false
}
