package kyverno

import (
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/helm"
)

// Kyverno's webhook configurations:
// https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/config/config.go
const (
	resourceMutating    = "kyverno-resource-mutating-webhook-cfg"
	policyMutating      = "kyverno-policy-mutating-webhook-cfg"
	policyValidating    = "kyverno-policy-validating-webhook-cfg"
	mutatingPolicyGroup = "policies.kyverno.io"
	clusterPolicyGroup  = "kyverno.io"
	manager             = "kyverno"
)

// Controller is the Kyverno of a cluster: its webhooks and policy controllers.
type Controller struct {
	mgr      *controller.Manager
	releases *helm.Releases
	webhooks map[string]*webhook // by the policy's uid
}
