package cloud

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawImmutable = law.New(law.References, "aws-immutable-properties",
	"A change of a property that AWS cannot change in place replaces the resource.",
	"https://www.pulumi.com/registry/packages/aws/api-docs/")

func (s *Schema) diff(oldInputs, newInputs engine.Props) engine.Change {
	var change engine.Change
	for _, key := range slices.Sorted(maps.Keys(Merge(oldInputs, newInputs))) {
		if strings.HasPrefix(key, "__") || s.same(key, oldInputs[key], newInputs[key]) {
			continue
		}
		change.Keys = append(change.Keys, key)
		if why, replaces := s.replaces(key, oldInputs[key], newInputs[key]); replaces {
			change.Replace = append(change.Replace, key)
			change.Law = why
		}
	}
	// With a name that the program gave, the new resource cannot stand beside
	// the old one: the bridge deletes first.
	if len(change.Replace) > 0 && s.Autoname != "" && !automatic(newInputs, s.Autoname) && oldInputs[s.Autoname] == newInputs[s.Autoname] {
		change.DeleteBeforeReplace = true
	}
	return change
}

// replaces reports whether the change of an input, or of one part of it, replaces,
// and by which law.
func (s *Schema) replaces(key string, before, after any) (law.Law, bool) {
	if why, permanent := s.Permanent[key]; permanent && before != nil && after == nil {
		return why, true
	}
	return lawImmutable, slices.ContainsFunc(s.ForceNew, func(path string) bool {
		if part, ok := strings.CutPrefix(path, key+"."); ok {
			return !reflect.DeepEqual(Object(before)[part], Object(after)[part])
		}
		return path == key
	})
}

// Differs reports whether two sets of inputs differ in more than the keys given.
func Differs(x, y engine.Props, besides ...string) bool {
	return slices.ContainsFunc(new(Schema).diff(x, y).Keys, func(key string) bool { return !slices.Contains(besides, key) })
}

// defaulted is where the bridge lists the inputs that it filled in itself.
const defaulted = "__defaults"

// automatic reports whether a resource's name was not the program's own.
func automatic(inputs engine.Props, key string) bool {
	return slices.Contains(Texts(inputs[defaulted]), key)
}
