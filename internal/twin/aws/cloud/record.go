package cloud

import (
	"strings"

	"eks-lattice/internal/twin/engine"
)

// Meta is what every record of the account has.
type Meta struct {
	URN    string // the Pulumi resource that created it, empty for what AWS creates itself
	ID     string // unique in its table
	ARN    string
	Name   string
	Region string
	Tags   map[string]string
	// NoLeftover is set for what existed before the program, and for what is
	// pending its final deletion: it costs nothing, and its name is free.
	NoLeftover bool
}

// Info returns the part that all records have.
func (m *Meta) Info() *Meta { return m }

// TagsAll are the record's tags as a property.
func (m *Meta) TagsAll() engine.Props { return TagsAll(m.Tags) }

// TagsAll are tags as a property, without those that AWS keeps for itself.
func TagsAll(tags map[string]string) engine.Props {
	all := engine.Props{}
	for key, value := range tags {
		if !strings.HasPrefix(key, "aws:") {
			all[key] = value
		}
	}
	return all
}

// Record is what a table holds: a pointer to a struct that embeds Meta.
type Record interface {
	comparable
	Info() *Meta
}
