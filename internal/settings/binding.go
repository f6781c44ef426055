package settings

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"eks-lattice/internal/problem"
)

// Binding is a setting with the argument that has its value.
type Binding interface {
	key() string
	// isText says that the value of a stack's key is the text itself, not JSON.
	isText() bool
	// decode sets the argument to a value of JSON if that has its type.
	decode(found *problem.List, path string, value any)
	setDefault()
	check(found *problem.List)
	// keyPath returns the path of an argument as users of the configuration
	// write it, if it is this argument or part of it.
	keyPath(path string) (string, bool)
}

// List is the settings of a struct of arguments.
type List []Binding

// SetDefaults sets the arguments that have no value.
func (l List) SetDefaults() {
	for _, b := range l {
		b.setDefault()
	}
}

// Check returns what is wrong with each argument by itself. Its paths are those
// of Go, such as "Nodes.MinSize".
func (l List) Check() problem.List {
	var found problem.List
	for _, b := range l {
		b.check(&found)
	}
	return found
}

// Keys returns problems with arguments as problems with the configuration,
// which has other names for them: nodeMinSize instead of Nodes.MinSize.
func (l List) Keys(found problem.List) problem.List {
	return found.Rename(func(path string) string {
		for _, b := range l {
			if key, ok := b.keyPath(path); ok {
				return key
			}
		}
		return path
	})
}

type bound[T any] struct {
	setting Setting[T]
	path    string
	to      *T
}

func (s Setting[T]) bind(path string, to reflect.Value) Binding {
	// The field may have a type of its own, such as CAMode.
	return bound[T]{s, path, to.Convert(reflect.TypeFor[*T]()).Interface().(*T)}
}

func (b bound[T]) key() string { return b.setting.Key }

func (b bound[T]) isText() bool {
	_, ok := any(b.to).(*string)
	return ok
}

func (b bound[T]) keyPath(path string) (string, bool) { return rename(path, b.path, b.setting.Key) }

// rename replaces the beginning of a path.
func rename(path, from, to string) (string, bool) {
	rest, ok := strings.CutPrefix(path, from)
	if !ok || rest != "" && !strings.ContainsAny(rest[:1], ".[") {
		return "", false
	}
	return to + rest, true
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

func (b bound[T]) check(found *problem.List) {
	if text, ok := any(*b.to).(string); ok && text == "" {
		if b.setting.Missing != "" {
			found.Missing(b.path, "%s", b.setting.Missing)
		}
		return
	}
	if number, ok := any(*b.to).(int); ok && number == 0 && any(b.setting.Default) == 0 {
		if b.setting.Missing != "" {
			found.Missing(b.path, "%s", b.setting.Missing)
		}
		return
	}
	if b.setting.Check != nil {
		b.setting.Check(found, b.path, *b.to)
	}
}

// boundObjects is a list of objects with a slice of structs.
type boundObjects struct {
	setting Objects
	path    string
	to      reflect.Value // the slice
}

func (s Objects) bind(path string, to reflect.Value) Binding {
	return boundObjects{s, path, to.Elem()}
}

func (b boundObjects) key() string  { return b.setting.Key }
func (b boundObjects) isText() bool { return false }

// fields are the settings of one of the objects.
func (b boundObjects) fields(i int) List { return b.setting.Fields.bind("", b.to.Index(i)) }

func (b boundObjects) keyPath(path string) (string, bool) {
	index, field, ok := strings.Cut(strings.TrimPrefix(path, b.path+"["), "].")
	if !ok || !strings.HasPrefix(path, b.path+"[") {
		return rename(path, b.path, b.setting.Key)
	}
	for _, f := range b.setting.Fields.bind("", reflect.New(b.to.Type().Elem()).Elem()) {
		if key, ok := f.keyPath(field); ok {
			return fmt.Sprintf("%s[%s].%s", b.setting.Key, index, key), true
		}
	}
	return "", false
}

func (b boundObjects) setDefault() {
	for i := range b.to.Len() {
		b.fields(i).SetDefaults()
	}
}

func (b boundObjects) check(found *problem.List) {
	if b.setting.Missing != "" && b.to.Len() == 0 {
		found.Missing(b.path, "%s", b.setting.Missing)
	}
	for i := range b.to.Len() {
		*found = append(*found, b.fields(i).Check().Under(fmt.Sprintf("%s[%d].", b.path, i))...)
	}
}
