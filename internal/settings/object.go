package settings

import (
	"reflect"
	"strings"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

type (
	// Choice is a setting that is true, false or not given.
	Choice = Setting[*bool]
	// Quantities is a setting that is an object with amounts of resources, which
	// YAML may give as numbers.
	Quantities = Setting[check.Quantities]
)

// Object is a setting that is one object. Its argument is a pointer to a struct,
// nil if the key has no value.
type Object struct {
	Key string
	// Item is what users call the object.
	Item string
	// Fields are the settings of the object.
	Fields      *Section
	Description string
}

func (s Object) entry() Entry { return Entry{Key: s.Key, Type: "object", Description: s.Description} }

func (s Object) bind(path string, to reflect.Value) Binding { return boundObject{s, path, to.Elem()} }

// boundObject is an object with a pointer to a struct.
type boundObject struct {
	setting Object
	path    string
	to      reflect.Value // the pointer
}

func (b boundObject) key() string  { return b.setting.Key }
func (b boundObject) isText() bool { return false }

// fields are the settings of the object, or of an empty one.
func (b boundObject) fields() List {
	if b.to.IsNil() {
		return b.setting.Fields.bind("", reflect.New(b.to.Type().Elem()).Elem())
	}
	return b.setting.Fields.bind("", b.to.Elem())
}

func (b boundObject) keyPath(path string) (string, bool) {
	if field, below := strings.CutPrefix(path, b.path+"."); below {
		for _, f := range b.fields() {
			if key, ok := f.keyPath(field); ok {
				return b.setting.Key + "." + key, true
			}
		}
	}
	return rename(path, b.path, b.setting.Key)
}

// setDefault leaves the caller's struct as it is.
func (b boundObject) setDefault() {
	if b.to.IsNil() {
		return
	}
	own := reflect.New(b.to.Type().Elem())
	own.Elem().Set(b.to.Elem())
	b.to.Set(own)
	b.fields().SetDefaults()
}

func (b boundObject) check(found *problem.List) {
	if !b.to.IsNil() {
		*found = append(*found, b.fields().Check().Under(b.path+".")...)
	}
}

func (b boundObject) decode(found *problem.List, path string, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		mistyped(found, path, value, "an object with the fields of "+article(b.setting.Item))
		return
	}
	b.to.Set(reflect.New(b.to.Type().Elem()))
	fields := b.fields()
	fields.SetDefaults()
	fields.decodeObject(found, path, b.setting.Item, object)
}
