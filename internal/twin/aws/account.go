package aws

import "eks-lattice/internal/twin/world"

// Account is the twin's AWS account.
type Account struct {
	World     *world.World
	ID        string // "123456789012"
	Region    string // of the first provider that calls; "ap-northeast-2" until then
	Partition string // "aws"
}

// New returns an account without resources.
func New(w *world.World) *Account {
	return &Account{World: w, ID: "123456789012", Region: "ap-northeast-2", Partition: "aws"}
}
