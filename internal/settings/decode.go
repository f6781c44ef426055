package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

func (b bound[T]) decode(found *problem.List, path string, value any) {
	switch to := any(b.to).(type) {
	case *string:
		decodeString(found, path, value, to)
	case *bool:
		decodeBool(found, path, value, func(yes bool) { *to = yes })
	case **bool:
		decodeBool(found, path, value, func(yes bool) { *to = &yes })
	case *int:
		number, ok := value.(json.Number)
		n, err := strconv.Atoi(number.String())
		switch {
		case !ok || err != nil:
			mistyped(found, path, value, "a whole number")
		case n == 0: // which an argument that is not set has, too
			b.setting.Check(found, path, any(n).(T))
		default:
			*to = n
		}
	case *[]string:
		items, ok := value.([]any)
		if !ok {
			mistyped(found, path, value, "a list of strings")
			return
		}
		*to = make([]string, len(items))
		for i, item := range items {
			decodeString(found, fmt.Sprintf("%s[%d]", path, i), item, &(*to)[i])
		}
	case *map[string]string:
		*to = decodeMap(found, path, value, decodeString)
	case *check.Quantities:
		*to = decodeMap(found, path, value, decodeQuantity)
	default:
		panic(fmt.Sprintf("a setting of type %T", *b.to)) // a mistake in the table
	}
}

func decodeBool(found *problem.List, path string, value any, set func(bool)) {
	if yes, ok := value.(bool); ok {
		set(yes)
	} else {
		found.Add(path, shown(value), "is neither true nor false")
	}
}

// decodeMap returns nil for what is not an object.
func decodeMap(found *problem.List, path string, value any, decode func(*problem.List, string, any, *string)) map[string]string {
	object, ok := value.(map[string]any)
	if !ok {
		mistyped(found, path, value, "an object with a string for every key")
		return nil
	}
	decoded := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text := ""
		decode(found, path+"."+key, object[key], &text)
		decoded[key] = text
	}
	return decoded
}

// decodeQuantity accepts numbers, as Kubernetes does.
func decodeQuantity(found *problem.List, path string, value any, to *string) {
	if number, ok := value.(json.Number); ok {
		*to = number.String()
		return
	}
	decodeString(found, path, value, to)
}

// decodeString leaves the target as it is for an empty string, which is no value.
func decodeString(found *problem.List, path string, value any, to *string) {
	text, ok := value.(string)
	if !ok {
		mistyped(found, path, value, "a string; write it in quotes")
	} else if text != "" {
		*to = text
	}
}

func (b boundObjects) decode(found *problem.List, path string, value any) {
	items, ok := value.([]any)
	if !ok {
		mistyped(found, path, value, "a list of "+b.setting.Item+"s")
		return
	}
	b.to.Set(reflect.MakeSlice(b.to.Type(), len(items), len(items)))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		object, ok := item.(map[string]any)
		if !ok {
			mistyped(found, at, item, "an object with the fields of "+article(b.setting.Item))
			continue
		}
		// Without defaults: whoever uses the items sets these, and may have to know what is given.
		b.fields(i).decodeObject(found, at, b.setting.Item, object)
	}
}

func (l List) decodeObject(found *problem.List, path, item string, object map[string]any) {
	known := make([]string, len(l))
	for i, b := range l {
		known[i] = b.key()
		value, given := object[b.key()]
		switch {
		case !given:
		case value == nil:
			found.Missing(path+"."+b.key(), "has no value; delete it or give it one")
		default:
			b.decode(found, path+"."+b.key(), value)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(object)) {
		if slices.Contains(known, field) {
			continue
		}
		remedy := "give one of " + strings.Join(known, ", ")
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, field) }); i >= 0 {
			remedy = "write " + known[i]
		}
		found.Missing(path+"."+field, "is not a field of %s; %s", article(item), remedy)
	}
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

func mistyped(found *problem.List, path string, value any, want string) {
	found.Add(path, shown(value), "is not %s", want)
}

// shown keeps strings apart from what JSON writes without quotes.
func shown(value any) any {
	if text, ok := value.(string); ok {
		return text
	}
	const maximum = 100
	text, err := json.Marshal(value)
	if err != nil {
		return problem.Raw("...") // cannot happen: the value came from JSON
	}
	if len(text) > maximum {
		return problem.Raw(strings.ToValidUTF8(string(text[:maximum]), "") + "...")
	}
	return problem.Raw(text)
}
