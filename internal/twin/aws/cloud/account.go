package cloud

import (
	"fmt"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// Account is an AWS account.
type Account struct {
	World     *world.World
	ID        string // "123456789012"
	Region    string // of the first provider that creates something; "ap-northeast-2" until then
	Partition string // "aws"
	// OnChange is called after each operation that changed the account, within
	// it: clusters reconcile there. Its error fails the operation.
	OnChange func(op *world.Op) error
	// OnDrain is called before EKS terminates a node that it replaces: the cluster
	// evicts the node's pods. Its error fails the operation.
	OnDrain func(op *world.Op, cluster, node string) error

	changes int64
	created map[string]int          // creations per URN, for automatic names
	inputs  map[string]engine.Props // what each resource was last given, by token and id
	drifted map[string]bool         // URNs whose last refresh found a difference
	states  map[any]any             // see State
}

// NewAccount returns an account without resources.
func NewAccount(w *world.World) *Account {
	return &Account{
		World: w, ID: "123456789012", Region: "ap-northeast-2", Partition: "aws",
		created: map[string]int{}, inputs: map[string]engine.Props{},
		drifted: map[string]bool{}, states: map[any]any{},
	}
}

// Changes counts what changed the account so far. While it stands still, a
// controller that has come to rest finds nothing new in AWS. The addresses of
// pods do not count: no controller asks for them.
func (a *Account) Changes() int64 { return a.changes }

// Change notes that a call changed the account.
func (a *Account) Change() { a.changes++ }

// ARN puts an ARN together.
func (a *Account) ARN(service, region, account, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", a.Partition, service, region, account, resource)
}

// State is something that each account has one of. Declare it as a variable of
// a package, next to what it holds.
type State[T any] struct {
	empty func() T
}

// NewState declares a state; empty returns the one of a new account.
func NewState[T any](empty func() T) *State[T] { return &State[T]{empty} }

// In returns the account's own.
func (s *State[T]) In(a *Account) T {
	if have, ok := a.states[s].(T); ok {
		return have
	}
	one := s.empty()
	a.states[s] = one
	return one
}
