package cloud

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Schema is what is known of a resource type without its state.
type Schema struct {
	Token    string   // "aws:ec2/vpc:Vpc"
	Required []string // inputs that must be given
	ForceNew []string // inputs, or "input.part", that replace the resource when they change
	// Permanent are inputs that replace the resource when they are taken away,
	// with the law that says so.
	Permanent map[string]law.Law
	Sets      []string // inputs, or "input.part", whose order means nothing
	Documents []string // inputs, or "input.part", that are JSON text and compared as such
	Autoname  string   // the input that gets an automatic name when it is not given
	NameMax   int      // the length that AWS allows for it
	Defaults  engine.Props
	Untagged  bool        // has no tags
	Takes     Durations   // of its operations
	Refers    []Reference // to other records
	Check     func(c *Checker)
}

// Durations are how long AWS takes for the operations on a resource type: zero
// stands for Quick, Instant for none. They are modelled; one without a source is
// an estimate.
type Durations struct{ Create, Update, Delete time.Duration }

const (
	// Quick is an estimate: one API call and a look whether it shows.
	Quick = 2 * time.Second
	// Instant is for what takes no time.
	Instant = -1
)

var lawDurations = law.New(law.Time, "aws-durations",
	"Every operation of AWS takes its modelled duration on the virtual clock.",
	"https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3218")

// spend adds the modelled duration of an operation.
func (d Durations) spend(op *world.Op) {
	var takes time.Duration
	switch op.Action {
	case world.Create:
		takes = d.Create
	case world.Update:
		takes = d.Update
	case world.Delete:
		takes = d.Delete
	case world.Read:
		return
	}
	switch takes {
	case 0:
		takes = Quick
	case Instant:
		takes = 0
	}
	op.Takes(takes, lawDurations)
}

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

// replaces tells whether the change of an input, or of one part of it, replaces,
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

// Differs tells whether two sets of inputs differ in more than the keys given.
func Differs(x, y engine.Props, besides ...string) bool {
	return slices.ContainsFunc(new(Schema).diff(x, y).Keys, func(key string) bool { return !slices.Contains(besides, key) })
}
