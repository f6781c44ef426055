package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"eks-lattice/internal/problem"
)

// Binding is a setting with the argument that its value goes to.
type Binding interface {
	key() string
	// text says that the value of a stack's key is the text itself, not JSON.
	text() bool
	// decode sets the argument to a value of JSON if that has its type. What
	// Check would say of the value is not its concern.
	decode(found *problem.List, path string, value any)
	// setDefault sets an argument that has no value.
	setDefault()
	check(found *problem.List, path string)
}

// List is the settings of one kind of arguments.
type List []Binding

// SetDefaults sets the arguments that have no value.
func (l List) SetDefaults() {
	for _, b := range l {
		b.setDefault()
	}
}

// Check returns what is wrong with each argument by itself.
func (l List) Check() problem.List {
	var found problem.List
	for _, b := range l {
		b.check(&found, b.key())
	}
	return found
}

// For connects a setting with an argument.
func (s Setting[T]) For(to *T) Binding { return bound[T]{s, to} }

type bound[T any] struct {
	setting Setting[T]
	to      *T
}

func (b bound[T]) key() string { return b.setting.Key }

func (b bound[T]) text() bool {
	_, ok := any(b.to).(*string)
	return ok
}

func (b bound[T]) setDefault() {
	switch to := any(b.to).(type) {
	case *string:
		if *to == "" {
			*b.to = b.setting.Default
		}
	case *int:
		if *to == 0 {
			*b.to = b.setting.Default
		}
	case *[]string:
		if *to == nil {
			*to = slices.Clone(any(b.setting.Default).([]string))
		}
	case *map[string]string:
		if *to == nil {
			*to = maps.Clone(any(b.setting.Default).(map[string]string))
		}
	}
}

func (b bound[T]) check(found *problem.List, path string) {
	if text, ok := any(*b.to).(string); ok && text == "" {
		if b.setting.Missing != "" {
			found.Missing(path, "%s", b.setting.Missing)
		}
		return
	}
	if b.setting.Check != nil {
		b.setting.Check(found, path, *b.to)
	}
}

func (b bound[T]) decode(found *problem.List, path string, value any) {
	switch to := any(b.to).(type) {
	case *string:
		if text, ok := value.(string); ok {
			if text != "" { // which is no value
				*to = text
			}
		} else {
			mistyped(found, path, value, "a string; write it in quotes")
		}
	case *bool:
		if yes, ok := value.(bool); ok {
			*to = yes
		} else {
			found.Add(path, shown(value), "is neither true nor false")
		}
	case *int:
		number, ok := value.(json.Number)
		n, err := strconv.Atoi(number.String())
		if !ok || err != nil {
			mistyped(found, path, value, "a whole number")
			return
		}
		*to = n
	case *[]string:
		items, ok := value.([]any)
		if !ok {
			mistyped(found, path, value, "a list of strings")
			return
		}
		*to = make([]string, len(items))
		for i, item := range items {
			String{}.For(&(*to)[i]).decode(found, fmt.Sprintf("%s[%d]", path, i), item)
		}
	case *map[string]string:
		object, ok := value.(map[string]any)
		if !ok {
			mistyped(found, path, value, "an object with a string for every key")
			return
		}
		*to = map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			text := ""
			String{}.For(&text).decode(found, path+"."+key, object[key])
			(*to)[key] = text
		}
	default:
		panic(fmt.Sprintf("a setting of type %T", *b.to)) // a mistake in the table
	}
}

// Each connects a list of objects with a list of arguments, whose own settings
// are their fields.
func Each[T any](setting Objects, to *[]T, fields func(*T) List) Binding {
	return boundEach[T]{setting, to, fields}
}

type boundEach[T any] struct {
	setting Objects
	to      *[]T
	fields  func(*T) List
}

func (b boundEach[T]) key() string { return b.setting.Key }
func (b boundEach[T]) text() bool  { return false }

func (b boundEach[T]) setDefault() {
	for i := range *b.to {
		b.fields(&(*b.to)[i]).SetDefaults()
	}
}

func (b boundEach[T]) check(found *problem.List, path string) {
	if b.setting.Missing != "" && len(*b.to) == 0 {
		found.Missing(path, "%s", b.setting.Missing)
	}
	for i := range *b.to {
		*found = append(*found, b.fields(&(*b.to)[i]).Check().Under(fmt.Sprintf("%s[%d].", path, i))...)
	}
}

func (b boundEach[T]) decode(found *problem.List, path string, value any) {
	items, ok := value.([]any)
	if !ok {
		mistyped(found, path, value, "a list of "+b.setting.Item+"s")
		return
	}
	*b.to = make([]T, len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		object, ok := item.(map[string]any)
		if !ok {
			mistyped(found, at, item, "an object with the fields of "+article(b.setting.Item))
			continue
		}
		fields := b.fields(&(*b.to)[i])
		fields.SetDefaults()
		fields.decodeObject(found, at, b.setting.Item, object)
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
			found.Missing(path+"."+b.key(), "has no value; remove it or give it one")
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
	const most = 100
	text, err := json.Marshal(value)
	if err != nil {
		return problem.Raw("...") // cannot be: it came from JSON
	}
	if len(text) > most {
		return problem.Raw(strings.ToValidUTF8(string(text[:most]), "") + "...")
	}
	return problem.Raw(text)
}
