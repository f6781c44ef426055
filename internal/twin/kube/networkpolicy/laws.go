package networkpolicy

import "eks-lattice/internal/twin/law"

// The laws of network policies.
var (
	LawEnforcement = law.New(law.Kubernetes, "network-policies-need-the-cni",
		"A NetworkPolicy is accepted and does nothing unless the vpc-cni addon is configured with enableNetworkPolicy \"true\"; the twin warns.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html")
	LawReleased = law.New(law.Kubernetes, "network-policies-are-released-by-their-controller",
		"While network policies are enforced, EKS's controller has a finalizer on each of them; once that is turned off, or the vpc-cni addon "+
			"deleted, nobody removes it.",
		"https://github.com/aws/amazon-network-policy-controller-k8s/blob/main/internal/controllers/policy_controller.go")
	LawIsolation = law.New(law.Call, "network-policies-isolate-pods",
		"Of a pod that network policies select, and to it, only those connections pass that one of the policies admits; all others are "+
			"dropped, VPC Lattice's requests and health checks too, which come from 169.254.171.0/24.",
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/")
)
