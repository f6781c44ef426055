package podidentity

import "eks-lattice/internal/twin/law"

// The laws of credentials, and of controllers that need them.
var (
	LawAtCreation = law.New(law.PodIdentity, "credentials-come-with-creation",
		"A pod gets credentials only when the association of its service account existed at its creation: that is when its environment and "+
			"token are injected.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-configure-pods.html")
	LawAgent = law.New(law.PodIdentity, "credentials-need-the-agent",
		"Credentials are served by the addon eks-pod-identity-agent on the pod's node.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html")
	LawAssociationLives = law.New(law.PodIdentity, "credentials-end-with-the-association",
		"Without its association a running pod gets no further credentials, and what it does with AWS ends.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html")
	LawEgress = law.New(law.Controller, "controllers-need-egress",
		"A controller reaches the endpoints of AWS only through the network of its node: after NAT or routes are gone its objects keep their "+
			"finalizers.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	LawControllerRuns = law.New(law.Controller, "controller-must-run",
		"Nobody works on the objects of a controller that is not there: nothing becomes ready, and finalizers stay.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
)
