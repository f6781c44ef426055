package engine

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Instance is one configured provider of a Pulumi program: an explicit one, a
// default one, or one that a component created. The engine opens a connection for
// each, by which the twin distinguishes them.
type Instance struct {
	URN    string // empty for the default providers of older engines
	Config Props  // the provider's inputs: region, kubeconfig, ...
}

// Props are the properties of a resource as plain Go values: nil, bool,
// float64, string, []any and map[string]any. Secrets are plain values, too. In a
// preview, a value can be resource.Computed.
type Props = map[string]any

// Failure is one input that Check refuses.
type Failure struct {
	Property string
	Reason   string
	Law      law.Law // that the input breaks; the zero Law if it breaks none
}

// Refused returns the failure of an input that a law refuses.
func Refused(property string, err error) Failure {
	var r *law.RefusalError
	if errors.As(err, &r) && r.Code == "" {
		return Failure{Property: property, Reason: r.Message, Law: r.Law}
	}
	return Failure{Property: property, Reason: err.Error()}
}

// Change is the difference between the old and the new inputs of a resource.
type Change struct {
	Keys                []string // the top-level inputs that differ; none means no change
	Replace             []string // those of Keys that cannot be updated in place
	DeleteBeforeReplace bool
	Law                 law.Law // why it is replaced, or where a difference comes from; the zero Law for a plain change
}

// Backend is a provider package of the twin: aws, kubernetes, tls.
// Create, Update, Delete and Read run inside world.Do, one at a time. If a Create
// or Update fails although the resource exists afterwards, it returns the outputs
// (and Create the id) with the error.
type Backend interface {
	Name() string
	Version() string
	// Check completes and validates inputs. olds is nil for a new resource.
	Check(inst *Instance, urn resource.URN, olds, news Props) (Props, []Failure, error)
	Diff(inst *Instance, urn resource.URN, oldInputs, oldOutputs, newInputs Props) (Change, error)
	Create(op *world.Op, inst *Instance, urn resource.URN, inputs Props) (id string, outputs Props, err error)
	Update(op *world.Op, inst *Instance, urn resource.URN, id string, oldInputs, oldOutputs, newInputs Props) (Props, error)
	Delete(op *world.Op, inst *Instance, urn resource.URN, id string, inputs, outputs Props) error
	// Read returns nil outputs when the resource does not exist. For a resource that
	// exists but is not ready, it returns them with the error.
	Read(op *world.Op, inst *Instance, urn resource.URN, id string, inputs, outputs Props) (newInputs, newOutputs Props, err error)
	Invoke(op *world.Op, inst *Instance, token string, args Props) (Props, error)
}
