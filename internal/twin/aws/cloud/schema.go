package cloud

import (
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
	if takes == 0 {
		takes = Quick
	} else if takes == Instant {
		takes = 0
	}
	op.Takes(takes, lawDurations)
}
