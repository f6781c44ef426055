package cloud

import (
	"strings"

	"eks-lattice/internal/twin/engine"
)

// Reference declares that an input names records of a table by their ids. A
// request that names one that does not exist in its Region is refused.
type Reference struct {
	Property string // "vpcId", "vpcConfig.subnetIds": an id or a list of ids
	To       interface {
		exists(r *Request, id string, own Missing) error
	}
	// Missing replaces the table's words, as far as it is given: a law alone, or
	// code and format.
	Missing Missing
}

func (ref Reference) check(r *Request) error {
	for _, id := range ref.ids(r.In) {
		if err := ref.To.exists(r, id, ref.Missing); err != nil {
			return err
		}
	}
	return nil
}

// input is the one that holds the property.
func (ref Reference) input() string {
	parent, _, _ := strings.Cut(ref.Property, ".")
	return parent
}

// ids leaves out an input that is not given.
func (ref Reference) ids(in engine.Props) []string {
	parent, part, nested := strings.Cut(ref.Property, ".")
	value := in[parent]
	if nested {
		value = Object(value)[part]
	}
	if id := Text(value); id != "" {
		return []string{id}
	}
	return Texts(value)
}
