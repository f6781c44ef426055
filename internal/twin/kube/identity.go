package kube

import (
	"errors"
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
	lawIdentityAtCreation = law.New(law.PodIdentity, "credentials-come-with-creation",
		"A pod gets credentials only when the association of its service account existed at its creation: that is when its environment and token are injected.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-configure-pods.html")
	lawIdentityAgent = law.New(law.PodIdentity, "credentials-need-the-agent",
		"Credentials are served by the addon eks-pod-identity-agent on the pod's node.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html")
	lawIdentityLives = law.New(law.PodIdentity, "credentials-end-with-the-association",
		"Without its association a running pod gets no further credentials, and what it does with AWS ends.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html")
)

const (
	agentAddon    = "eks-pod-identity-agent"
	credentialURI = "http://169.254.170.23/v1/credentials"
	tokenDir      = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
	tokenVolume   = "eks-pod-identity-token"
)

// associationDelay stands for the "several seconds" after which EKS knows an
// association everywhere.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
const associationDelay = 5 * time.Second

func (c *Cluster) association(namespace, account string) *aws.PodIdentityAssociation {
	for _, a := range c.Account.Associations(c.EKS.Name) {
		if a.Namespace == namespace && a.ServiceAccount == account {
			return a
		}
	}
	if model, ok := c.borrowed[namespace]; ok {
		return c.association(model[0], model[1])
	}
	return nil
}

// injectPodIdentity is EKS's webhook: environment and token for every container
// of a pod whose service account is associated with a role.
// https://github.com/aws/amazon-eks-pod-identity-webhook
func (c *Cluster) injectPodIdentity(r *api.Request) {
	account := obj.Str(r.Object, "spec", "serviceAccountName")
	if account == "" {
		account = "default"
	}
	a := c.association(r.Key.Namespace, account)
	if a == nil {
		return
	}
	r.Dependencies = append(r.Dependencies, api.Dependency{URN: a.URN, Law: lawIdentityAtCreation, Immediate: true, After: associationDelay})
	pod := obj.Copy(r.Object)
	env := []any{
		obj.Map{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"},
		obj.Map{"name": "AWS_DEFAULT_REGION", "value": c.EKS.Region},
		obj.Map{"name": "AWS_REGION", "value": c.EKS.Region},
		obj.Map{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": credentialURI},
		obj.Map{"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": tokenDir + "/" + tokenVolume},
	}
	for _, list := range []string{"initContainers", "containers"} {
		for _, container := range obj.Maps(pod, "spec", list) {
			for _, e := range env {
				if !hasNamed(obj.Maps(container, "env"), obj.Str(e.(obj.Map), "name")) {
					container["env"] = append(obj.List(container, "env"), e)
				}
			}
			if !hasNamed(obj.Maps(container, "volumeMounts"), tokenVolume) {
				container["volumeMounts"] = append(obj.List(container, "volumeMounts"),
					obj.Map{"name": tokenVolume, "mountPath": tokenDir, "readOnly": true})
			}
		}
	}
	obj.Set(pod, append(obj.List(pod, "spec", "volumes"), obj.Map{
		"name": tokenVolume, "projected": obj.Map{"defaultMode": int64(420), "sources": []any{obj.Map{
			"serviceAccountToken": obj.Map{"audience": "pods.eks.amazonaws.com", "expirationSeconds": int64(86400), "path": tokenVolume}}}},
	}), "spec", "volumes")
	r.Object = obj.Copy(pod)
}

func hasNamed(list []obj.Map, name string) bool {
	for _, e := range list {
		if obj.Str(e, "name") == name {
			return true
		}
	}
	return false
}

// credentials are what a container of the pod gets from the agent. What they
// rely on is noted on the pod.
func (c *Cluster) credentials(pod *api.Object) (iam.Principal, *aws.PodIdentityAssociation, error) {
	injected := false
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		injected = injected || hasNamed(obj.Maps(container, "env"), "AWS_CONTAINER_CREDENTIALS_FULL_URI")
	}
	account := obj.Str(pod.Content, "spec", "serviceAccountName")
	if !injected {
		return iam.Principal{}, nil, lawIdentityAtCreation.Refuse("NoCredentialProviders",
			"no EC2 IMDS role found, operation error ec2imds: GetMetadata: pod %s/%s was created without an association for service account %q", pod.Namespace, pod.Name, account)
	}
	agent, ok := c.Account.AddonRuns(c.EKS.Name, agentAddon)
	if !ok {
		return iam.Principal{}, nil, lawIdentityAgent.Refuse("CredentialsEndpointError",
			"failed to load credentials from %s: dial tcp 169.254.170.23:80: connect: connection refused", credentialURI)
	}
	namespace, borrower := pod.Namespace, account
	if model, ok := c.borrowed[pod.Namespace]; ok {
		namespace, borrower = model[0], model[1]
	}
	p, a, err := c.Account.AssumeRoleForPodIdentity(c.EKS.Name, namespace, borrower, pod.Name, pod.UID())
	if err != nil || a == nil {
		reason := "the pod's service account has no association"
		if err != nil {
			reason = controller.Message(err)
		}
		return iam.Principal{}, nil, lawIdentityLives.Refuse("CredentialsEndpointError", "failed to load credentials from %s: (403) %s", credentialURI, reason)
	}
	pod.DependsOn(agent, lawIdentityAgent)
	switch held := c.held[pod.UID()]; held {
	case "":
		c.held[pod.UID()] = p.RoleID
	case p.RoleID:
	default:
		if p, err = c.Account.WithRole(p, held); err != nil {
			return iam.Principal{}, nil, fmt.Errorf("calling with the credentials of pod %s: %w", pod.Path(), err)
		}
	}
	if p.Tags != nil {
		p.Tags["kubernetes-namespace"], p.Tags["kubernetes-service-account"] = pod.Namespace, account
	}
	return p, a, nil
}

// session is how the pod of a controller talks to AWS: its credentials and the
// way out of its network.
func (c *Cluster) session(pod *api.Object) (session, error) {
	p, a, err := c.credentials(pod)
	if r := (*law.Refusal)(nil); errors.As(err, &r) && r.Law.ID == lawIdentityAtCreation.ID {
		// AWS's SDK asks the node when the pod's environment names nobody else.
		if node, reached := c.Account.NodeCredentials(c.EKS.Name, obj.Str(pod.Content, "spec", "nodeName")); reached {
			p, a, err = node, &aws.PodIdentityAssociation{}, nil
		}
	}
	if err != nil {
		return session{}, err
	}
	needed, err := c.Account.EgressFromNodes(c.EKS.Name)
	if err != nil {
		return session{}, lawControllerNetwork.Refuse("RequestError", "send request failed: %s", controller.Message(err))
	}
	s := session{Principal: p}
	s.dependencies = append(s.dependencies, api.Dependency{URN: a.URN, Law: lawIdentityLives})
	for _, urn := range needed {
		s.dependencies = append(s.dependencies, api.Dependency{URN: urn, Law: lawControllerNetwork})
	}
	for _, r := range pod.Dependencies {
		s.dependencies = append(s.dependencies, api.Dependency{URN: r.URN, Law: r.Law})
	}
	s.dependencies = append(s.dependencies, api.Dependency{URN: pod.URN, Law: lawControllerRuns})
	return s, nil
}

// session is a controller's identity with all that it takes to have it.
type session struct {
	iam.Principal
	dependencies []api.Dependency
}

// on records that the controller's work on an object depended on its session.
func (s session) on(o *api.Object) {
	for _, n := range s.dependencies {
		if o.Terminating() {
			o.DeletionDependsOn(n.URN, n.Law)
		} else {
			o.DependsOn(n.URN, n.Law)
		}
	}
}

// mustOutlive records that the session must last for a time after the operation.
func (s session) mustOutlive(op *world.Op, d time.Duration, l law.Law) {
	for _, n := range s.dependencies {
		op.DependsOnAfter(n.URN, d, l)
	}
}

var (
	lawControllerNetwork = law.New(law.Controller, "controllers-need-egress",
		"A controller reaches the endpoints of AWS only through the network of its node: after NAT or routes are gone its objects keep their finalizers.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	lawControllerRuns = law.New(law.Controller, "controller-must-run",
		"Nobody works on the objects of a controller that is not there: nothing becomes ready, and finalizers stay.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
)
