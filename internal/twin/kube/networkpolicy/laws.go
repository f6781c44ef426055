package networkpolicy

import "eks-lattice/internal/twin/law"

// The laws of network policies.
var (
	LawEnforcement = law.New(law.Kubernetes, "network-policies-need-the-cni",
		"A NetworkPolicy is accepted but has no effect unless the vpc-cni add-on is configured with enableNetworkPolicy \"true\"; the "+
			"twin warns.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html")
	LawReleased = law.New(law.Kubernetes, "network-policies-are-released-by-their-controller",
		"While network policies are enforced, EKS's controller has a finalizer on each of them. After enforcement is turned off, or "+
			"the vpc-cni add-on deleted, nothing removes the finalizer.",
		"https://github.com/aws/amazon-network-policy-controller-k8s/blob/main/internal/controllers/policy_controller.go")
	LawIsolation = law.New(law.Call, "network-policies-isolate-pods",
		"If network policies select a pod, only connections that one of the policies admits pass. All others are dropped, including "+
			"VPC Lattice's requests and health checks, which come from 169.254.171.0/24. Connections from the pod's own node always pass.",
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/")
)
