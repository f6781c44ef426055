package settings

import (
	"eks-lattice/internal/check"
)

// Setting is one key of the configuration, or one field of its objects.
type Setting[T any] struct {
	Key string
	// Default is the value of a key that a stack does not have. A boolean's is
	// false, and a number whose default is not 0 does not take 0, because a
	// component cannot tell 0 and false from nothing.
	Default T
	// Missing is what to say when there is no value. Empty means that none is
	// needed.
	Missing string
	// Check reports what is wrong with a value. It is not asked about the empty
	// string, which is no value.
	Check check.Func[T]
	// Description is for Pulumi.yaml and the documentation.
	Description string
}

type (
	// String is a setting that is a text.
	String = Setting[string]
	// Bool is a setting that is on or off.
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
	// Missing is what to say when the list is empty. Empty means that it may be.
	Missing     string
	Description string
}

// Entry is a setting as Pulumi.yaml and the documentation show it.
type Entry struct {
	Key string
	// Type is the name of a type of Pulumi.yaml.
	Type string
	// Items is the type of an array's items.
	Items       string
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
	case []string:
		e.Type, e.Items = "array", "string"
	case map[string]string:
		e.Type = "object"
	default:
		e.Type = "string"
	}
	return e
}

func (s Objects) entry() Entry {
	return Entry{Key: s.Key, Type: "array", Items: "object", Default: []any{}, Description: s.Description}
}

// Section is a part of the table: the keys of one role, or the fields of one
// kind of object.
type Section struct {
	Title string
	// Role is that of the stacks whose keys these are. It is empty for keys of
	// every stack and for fields.
	Role string
	// Fields says that these are no keys but fields of objects.
	Fields  bool
	Entries []Entry
}

// in adds a setting to a section of the table.
func in[S interface{ entry() Entry }](section *Section, setting S) S {
	section.Entries = append(section.Entries, setting.entry())
	return setting
}
