package charts

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"eks-lattice/internal/twin/kube/obj"
)

var compiled sync.Map // of *jsonschema.Schema by text

// checkSchema validates values by a JSON schema and lists what is wrong as Helm
// does: "- at '/policy': ...".
func checkSchema(text string, values obj.Map) error {
	s, ok := compiled.Load(text)
	if !ok {
		c, err := jsonschema.CompileString("values.schema.json", text)
		if err != nil {
			return fmt.Errorf("compiling the chart's values.schema.json: %w", err)
		}
		s, _ = compiled.LoadOrStore(text, c)
	}
	err := s.(*jsonschema.Schema).Validate(plain(values))
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var lines []string
	leaves(invalid, &lines)
	return errors.New(strings.Join(lines, "\n"))
}

func leaves(e *jsonschema.ValidationError, lines *[]string) {
	if len(e.Causes) == 0 {
		*lines = append(*lines, fmt.Sprintf("- at '%s': %s", e.InstanceLocation, e.Message))
		return
	}
	for _, c := range e.Causes {
		leaves(c, lines)
	}
}

// plain turns whole numbers into those that the validator takes.
func plain(v any) any {
	switch v := v.(type) {
	case obj.Map:
		out := make(obj.Map, len(v))
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case int64:
		return float64(v)
	}
	return v
}
