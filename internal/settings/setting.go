package settings

import (
	"fmt"
	"reflect"

	"eks-lattice/internal/check"
)

// Setting is one key of the configuration, or one field of its objects.
type Setting[T any] struct {
	Key string
	// Default is the value of a key that a stack does not set. A boolean's is
	// false and 0 is not a number's, because a component cannot tell false and 0
	// from an argument that is not set. A field may have no default.
	Default T
	// Missing is the problem of a setting without a value. Empty means that the
	// value is optional.
	Missing string
	// Check reports what is wrong with a value. It does not see the empty
	// string, which is no value.
	Check check.Func[T]
	// Description is for Pulumi.yaml and the documentation.
	Description string
}

type (
	// String is a setting that is a text.
	String = Setting[string]
	// Bool is a setting that is true or false.
	Bool = Setting[bool]
	// Int is a setting that is a whole number.
	Int = Setting[int]
	// Strings is a setting that is a list of texts.
	Strings = Setting[[]string]
	// Map is a setting that is an object with texts.
	Map = Setting[map[string]string]
)

// Objects is a setting that is a list of objects.
type Objects struct {
	Key string
	// Item is what users call one of them.
	Item string
	// Fields are the settings of an object.
	Fields *Section
	// Missing is the problem of an empty list. Empty means that it is optional.
	Missing     string
	Description string
}

// Entry is a setting as Pulumi.yaml and the documentation show it.
type Entry struct {
	Key string
	// Type is the name of a type of Pulumi.yaml.
	Type string
	// Items is the type of an array's items.
	Items string
	// Default is nil for a field that has none.
	Default     any
	Description string
}

func (s Setting[T]) entry() Entry {
	e := Entry{Key: s.Key, Default: s.Default, Description: s.Description}
	switch any(s.Default).(type) {
	case bool:
		e.Type = "boolean"
	case int:
		e.Type = "integer"
		if any(s.Default) == 0 {
			e.Default = nil
		}
	case []string:
		e.Type, e.Items = "array", "string"
	case map[string]string, check.Quantities:
		e.Type = "object"
	case *bool:
		e.Type, e.Default = "boolean", nil
	default:
		e.Type = "string"
	}
	return e
}

func (s Objects) entry() Entry {
	return Entry{Key: s.Key, Type: "array", Items: "object", Default: []any{}, Description: s.Description}
}

// setting is what Setting and Objects have in common.
type setting interface {
	entry() Entry
	// bind connects the setting with the field at an address.
	bind(path string, to reflect.Value) Binding
}

// Section is a part of the table: the keys of one role, or the fields of an
// object.
type Section struct {
	Title string
	// Role is that of the stacks whose keys these are. It is empty for keys of
	// every stack and for fields.
	Role string
	// Fields says that these are not keys but fields of objects.
	Fields  bool
	Entries []Entry

	settings map[string]setting
}

// with adds settings to a section.
func (s *Section) with(settings ...setting) *Section {
	s.settings = map[string]setting{}
	for _, setting := range settings {
		entry := setting.entry()
		s.Entries = append(s.Entries, entry)
		s.settings[entry.Key] = setting
	}
	return s
}

// Bind connects arguments, which are a pointer to a struct, with the settings
// of a section. The tag of a field names its setting, as in
//
//	Region  string      `setting:"region"`
//	Network NetworkArgs `setting:",inline"` // a struct with such fields
//
// A stack of any role has the keys of every stack, too.
func (s *Section) Bind(args any) List { return s.bind("", reflect.ValueOf(args).Elem()) }

func (s *Section) bind(path string, args reflect.Value) List {
	var list List
	for i := range args.NumField() {
		field := args.Type().Field(i)
		switch key := field.Tag.Get("setting"); key {
		case "":
		case ",inline":
			list = append(list, s.bind(path+field.Name+".", args.Field(i))...)
		default:
			list = append(list, s.setting(key).bind(path+field.Name, args.Field(i).Addr()))
		}
	}
	return list
}

func (s *Section) setting(key string) setting {
	if found, ok := s.settings[key]; ok {
		return found
	}
	if found, ok := Stack.settings[key]; ok && !s.Fields {
		return found
	}
	panic(fmt.Sprintf("%s has no setting %q", s.Title, key)) // a mistake in a tag
}
