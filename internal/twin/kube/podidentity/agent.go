// Package podidentity is EKS Pod Identity: the webhook that injects credentials'
// environment into pods, and the agent that serves the credentials.
package podidentity

import (
	"fmt"
	"time"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	LawAtCreation = law.New(law.PodIdentity, "credentials-come-with-creation",
		"A pod gets credentials only when the association of its service account existed at its creation: that is when its environment and token are injected.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-configure-pods.html")
	LawAgent = law.New(law.PodIdentity, "credentials-need-the-agent",
		"Credentials are served by the addon eks-pod-identity-agent on the pod's node.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html")
	LawAssociationLives = law.New(law.PodIdentity, "credentials-end-with-the-association",
		"Without its association a running pod gets no further credentials, and what it does with AWS ends.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html")
	LawEgress = law.New(law.Controller, "controllers-need-egress",
		"A controller reaches the endpoints of AWS only through the network of its node: after NAT or routes are gone its objects keep their finalizers.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	LawControllerRuns = law.New(law.Controller, "controller-must-run",
		"Nobody works on the objects of a controller that is not there: nothing becomes ready, and finalizers stay.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
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
func (g *Agent) Association(namespace, account string) *aws.PodIdentityAssociation {
	for _, a := range g.mgr.Account.Associations(g.mgr.EKS.Name) {
		if a.Namespace == namespace && a.ServiceAccount == account {
			return a
		}
	}
	if model, ok := g.borrowed[namespace]; ok {
		return g.Association(model[0], model[1])
	}
	return nil
}

// Inject is EKS's webhook: environment and token for every container of a pod
// whose service account is associated with a role.
// https://github.com/aws/amazon-eks-pod-identity-webhook
func (g *Agent) Inject(r *api.Request) {
	account := obj.Str(r.Object, "spec", "serviceAccountName")
	if account == "" {
		account = "default"
	}
	a := g.Association(r.Key.Namespace, account)
	if a == nil {
		return
	}
	r.Dependencies = append(r.Dependencies, api.Dependency{URN: a.URN, Law: LawAtCreation, Immediate: true, After: associationDelay})
	pod := obj.Copy(r.Object)
	env := []any{
		obj.Map{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"},
		obj.Map{"name": "AWS_DEFAULT_REGION", "value": g.mgr.EKS.Region},
		obj.Map{"name": "AWS_REGION", "value": g.mgr.EKS.Region},
		obj.Map{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": credentialURI},
		obj.Map{"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": tokenDir + "/" + TokenVolume},
	}
	for _, list := range []string{"initContainers", "containers"} {
		for _, container := range obj.Maps(pod, "spec", list) {
			for _, e := range env {
				if !obj.HasNamed(obj.Maps(container, "env"), obj.Str(e.(obj.Map), "name")) {
					container["env"] = append(obj.List(container, "env"), e)
				}
			}
			if !obj.HasNamed(obj.Maps(container, "volumeMounts"), TokenVolume) {
				container["volumeMounts"] = append(obj.List(container, "volumeMounts"),
					obj.Map{"name": TokenVolume, "mountPath": tokenDir, "readOnly": true})
			}
		}
	}
	obj.Set(pod, append(obj.List(pod, "spec", "volumes"), obj.Map{
		"name": TokenVolume, "projected": obj.Map{"defaultMode": int64(420), "sources": []any{obj.Map{
			"serviceAccountToken": obj.Map{"audience": "pods.eks.amazonaws.com", "expirationSeconds": int64(86400), "path": TokenVolume}}}},
	}), "spec", "volumes")
	r.Object = obj.Copy(pod)
}

// Credentials returns what a container of the pod gets from the agent. The pod
// records what they depend on.
func (g *Agent) Credentials(pod *api.Object) (iam.Principal, *aws.PodIdentityAssociation, error) {
	injected := false
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		injected = injected || obj.HasNamed(obj.Maps(container, "env"), "AWS_CONTAINER_CREDENTIALS_FULL_URI")
	}
	account := obj.Str(pod.Content, "spec", "serviceAccountName")
	if !injected {
		return iam.Principal{}, nil, LawAtCreation.Refuse("NoCredentialProviders",
			"no EC2 IMDS role found, operation error ec2imds: GetMetadata: pod %s/%s was created without an association for service account %q", pod.Namespace, pod.Name, account)
	}
	agent, ok := g.mgr.Account.AddonRuns(g.mgr.EKS.Name, agentAddon)
	if !ok {
		return iam.Principal{}, nil, LawAgent.Refuse("CredentialsEndpointError",
			"failed to load credentials from %s: dial tcp 169.254.170.23:80: connect: connection refused", credentialURI)
	}
	namespace, borrower := pod.Namespace, account
	if model, ok := g.borrowed[pod.Namespace]; ok {
		namespace, borrower = model[0], model[1]
	}
	p, a, err := g.mgr.Account.AssumeRoleForPodIdentity(g.mgr.EKS.Name, namespace, borrower, pod.Name, pod.UID())
	if err != nil || a == nil {
		reason := "the pod's service account has no association"
		if err != nil {
			reason = controller.Message(err)
		}
		return iam.Principal{}, nil, LawAssociationLives.Refuse("CredentialsEndpointError", "failed to load credentials from %s: (403) %s", credentialURI, reason)
	}
	pod.DependsOn(agent, LawAgent)
	switch held := g.held[pod.UID()]; held {
	case "":
		g.held[pod.UID()] = p.RoleID
	case p.RoleID:
	default:
		if p, err = g.mgr.Account.WithRole(p, held); err != nil {
			return iam.Principal{}, nil, fmt.Errorf("calling with the credentials of pod %s: %w", pod.Path(), err)
		}
	}
	if p.Tags != nil {
		p.Tags["kubernetes-namespace"], p.Tags["kubernetes-service-account"] = pod.Namespace, account
	}
	return p, a, nil
}

// Session returns how the pod of a controller talks to AWS: its credentials and
// the way out of its network.
func (g *Agent) Session(pod *api.Object) (Session, error) {
	p, a, err := g.Credentials(pod)
	if law.Of(err).ID == LawAtCreation.ID {
		// AWS's SDK asks the node when the pod's environment names nobody else.
		if node, reached := g.mgr.Account.NodeCredentials(g.mgr.EKS.Name, obj.Str(pod.Content, "spec", "nodeName")); reached {
			p, a, err = node, &aws.PodIdentityAssociation{}, nil
		}
	}
	if err != nil {
		return Session{}, err
	}
	needed, err := g.mgr.Account.EgressFromNodes(g.mgr.EKS.Name)
	if err != nil {
		return Session{}, LawEgress.Refuse("RequestError", "send request failed: %s", controller.Message(err))
	}
	s := Session{Principal: p}
	s.dependencies = append(s.dependencies, api.Dependency{URN: a.URN, Law: LawAssociationLives})
	for _, urn := range needed {
		s.dependencies = append(s.dependencies, api.Dependency{URN: urn, Law: LawEgress})
	}
	for _, r := range pod.Dependencies {
		s.dependencies = append(s.dependencies, api.Dependency{URN: r.URN, Law: r.Law})
	}
	s.dependencies = append(s.dependencies, api.Dependency{URN: pod.URN, Law: LawControllerRuns})
	return s, nil
}

// Session is a controller's identity with all that it takes to have it.
type Session struct {
	iam.Principal
	dependencies []api.Dependency
}

// On records that the controller's work on an object depended on its session.
func (s Session) On(o *api.Object) {
	for _, n := range s.dependencies {
		if o.Terminating() {
			o.DeletionDependsOn(n.URN, n.Law)
		} else {
			o.DependsOn(n.URN, n.Law)
		}
	}
}

// MustOutlive records that the session must last for a time after the operation.
func (s Session) MustOutlive(op *world.Op, d time.Duration, l law.Law) {
	for _, n := range s.dependencies {
		op.DependsOnAfter(n.URN, d, l)
	}
}
