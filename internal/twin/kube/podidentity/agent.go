// Package podidentity is EKS Pod Identity: the webhook that injects credentials'
// environment into pods, and the agent that serves the credentials.
package podidentity

import (
	"fmt"
	"time"

	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
)

const (
	// Address is where the agent serves credentials:
	// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
	Address = "169.254.170.23"
	// TokenVolume is the volume that the webhook adds.
	TokenVolume   = "eks-pod-identity-token"
	agentAddon    = "eks-pod-identity-agent"
	credentialURI = "http://" + Address + "/v1/credentials"
	tokenDir      = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
)

// associationDelay stands for the "several seconds" after which EKS knows an
// association everywhere.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
const associationDelay = 5 * time.Second

// Agent serves credentials to the pods of a cluster.
type Agent struct {
	mgr  *controller.Manager
	held map[string]string // the role whose credentials a pod got at its start, by the pod's uid
	// borrowed has the service account whose association a namespace uses, as
	// namespace and name: see Borrow.
	borrowed map[string][2]string
}

// New returns the agent of a cluster.
func New(mgr *controller.Manager) *Agent {
	return &Agent{mgr: mgr, held: map[string]string{}, borrowed: map[string][2]string{}}
}

// Borrow lets all service accounts of a namespace use the association of another
// one, until Return.
func (g *Agent) Borrow(namespace, fromNamespace, fromAccount string) {
	g.borrowed[namespace] = [2]string{fromNamespace, fromAccount}
}

// Return ends Borrow.
func (g *Agent) Return(namespace string) { delete(g.borrowed, namespace) }

// Start lets the programs of a pod ask for their first credentials.
func (g *Agent) Start(pod *api.Object) {
	if g.held[pod.UID()] == "" {
		_, _, _ = g.Credentials(pod) // a pod without an association starts all the same
	}
}

// Association returns the association of a service account, nil when it has none.
func (g *Agent) Association(namespace, account string) *eks.PodIdentityAssociation {
	for _, a := range g.mgr.Account.EKS.Associations(g.mgr.EKS.Name) {
		if a.Namespace == namespace && a.ServiceAccount == account {
			return a
		}
	}
	if model, ok := g.borrowed[namespace]; ok {
		return g.Association(model[0], model[1])
	}
	return nil
}

// Credentials returns what a container of the pod gets from the agent. The pod
// records what they depend on.
func (g *Agent) Credentials(pod *api.Object) (iam.Principal, *eks.PodIdentityAssociation, error) {
	injected := false
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		injected = injected || obj.HasNamed(obj.Maps(container, "env"), "AWS_CONTAINER_CREDENTIALS_FULL_URI")
	}
	account := obj.Str(pod.Content, "spec", "serviceAccountName")
	if !injected {
		return iam.Principal{}, nil, LawAtCreation.Refuse("NoCredentialProviders",
			"no EC2 IMDS role found, operation error ec2imds: GetMetadata: pod %s/%s was created without an association for service account %q",
			pod.Namespace, pod.Name, account)
	}
	agent, ok := g.mgr.Account.EKS.AddonRuns(g.mgr.EKS.Name, agentAddon)
	if !ok {
		return iam.Principal{}, nil, LawAgent.Refuse("CredentialsEndpointError",
			"failed to load credentials from %s: dial tcp 169.254.170.23:80: connect: connection refused", credentialURI)
	}
	namespace, borrower := pod.Namespace, account
	if model, ok := g.borrowed[pod.Namespace]; ok {
		namespace, borrower = model[0], model[1]
	}
	p, a, err := g.mgr.Account.EKS.AssumeRoleForPodIdentity(g.mgr.EKS.Name, namespace, borrower, pod.Name, pod.UID())
	if err != nil || a == nil {
		reason := "the pod's service account has no association"
		if err != nil {
			reason = controller.Message(err)
		}
		return iam.Principal{}, nil, LawAssociationLives.Refuse("CredentialsEndpointError", "failed to load credentials from %s: (403) %s",
			credentialURI, reason)
	}
	pod.DependsOn(agent, LawAgent)
	switch held := g.held[pod.UID()]; held {
	case "":
		g.held[pod.UID()] = p.RoleID
	case p.RoleID:
	default:
		if p, err = g.mgr.Account.EKS.WithRole(p, held); err != nil {
			return iam.Principal{}, nil, fmt.Errorf("calling with the credentials of pod %s: %w", pod.Path(), err)
		}
	}
	if p.Tags != nil {
		p.Tags["kubernetes-namespace"], p.Tags["kubernetes-service-account"] = pod.Namespace, account
	}
	return p, a, nil
}
