package podidentity

import "eks-lattice/internal/twin/law"

// The laws of credentials, and of controllers that need them.
var (
	LawAtCreation = law.New(law.PodIdentity, "credentials-come-with-creation",
		"A pod gets credentials only if its service account had an association when the pod was created, because environment and "+
			"token are injected then.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-configure-pods.html")
	LawAgent = law.New(law.PodIdentity, "credentials-need-the-agent",
		"The add-on eks-pod-identity-agent on the pod's node serves the credentials.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html")
	LawAssociationLives = law.New(law.PodIdentity, "credentials-end-with-the-association",
		"If its association is deleted, a running pod gets no new credentials and can no longer call AWS.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html")
	LawEgress = law.New(law.Controller, "controllers-need-egress",
		"A controller reaches the endpoints of AWS only through the network of its node. If the NAT gateway or the routes are "+
			"deleted, its objects keep their finalizers.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	LawControllerRuns = law.New(law.Controller, "controller-must-run",
		"If a controller does not run, none of its objects becomes ready, and their finalizers stay.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
)
