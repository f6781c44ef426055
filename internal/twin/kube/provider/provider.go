// Package provider is the Pulumi provider for Kubernetes, over all clusters of an
// account.
package provider

import "eks-lattice/internal/twin/kube/cluster"

// Provider is the provider. It is an engine.Backend.
type Provider struct{ clusters *cluster.Clusters }

// New returns the provider.
func New(clusters *cluster.Clusters) *Provider { return &Provider{clusters} }

// Name is the package's name.
func (p *Provider) Name() string { return "kubernetes" }

// Version is the newest that anything in a deployment asks for, which is the EKS
// component. With an older one the engine warns of a wrong plugin.
func (p *Provider) Version() string { return "4.34.2" }
