package aws

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/world"
)

// Account is the twin's AWS account with the services that others call.
type Account struct {
	*cloud.Account
	EKS eks.EKS
}

// New returns an account without resources.
func New(w *world.World) *Account {
	a := cloud.NewAccount(w)
	return &Account{Account: a, EKS: eks.EKS{Account: a}}
}

// Lattice returns VPC Lattice for a controller that acts for the resource urn; an
// empty urn stands for the operation's own.
func (a *Account) Lattice(urn string) *vpclattice.Lattice { return vpclattice.New(a.Account, urn) }

// Route53 returns Route 53 for a controller that acts for the resource urn; an
// empty urn stands for the operation's own.
func (a *Account) Route53(urn string) *route53.Route53 { return route53.New(a.Account, urn) }
