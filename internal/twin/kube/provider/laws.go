package provider

import "eks-lattice/internal/twin/law"

// The laws of access to a cluster, and of waiting.
var (
	LawKubeconfig = law.New(law.Access, "kubeconfig-must-be-whole",
		"A provider whose kubeconfig cannot be read, or lacks a cluster, a user or the current context, refuses every resource as "+
			"unreachable.",
		"https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/provider.go")
	LawReachable = law.New(law.Access, "api-lives-with-its-cluster",
		"The Kubernetes API exists exactly as long as its EKS cluster. Before and after that, every operation on its objects fails as "+
			"unreachable.",
		"https://github.com/pulumi/pulumi-eks/issues/598")
	LawClusterCA = law.New(law.Access, "api-certificate-is-of-its-ca",
		"A client that trusts another certificate authority than the cluster's own cannot talk to its API.",
		"https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html")
	LawAccessEntry = law.New(law.Access, "access-needs-an-entry",
		"With authentication mode API only principals with an access entry have access, and only while the entry exists. With the "+
			"other modes the cluster's creator has access too.",
		"https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html")
	LawAccessPolicy = law.New(law.Access, "access-needs-a-policy",
		"An access entry without an access policy or a Kubernetes group authenticates its principal but allows nothing.",
		"https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html")
	LawWaitFor = law.New(law.Kubernetes, "wait-for-is-kept",
		"The annotation pulumi.com/waitFor names conditions and JSONPath expressions that an object must meet before the program "+
			"continues. The provider gives up after the timeout.",
		"https://www.pulumi.com/registry/packages/kubernetes/#waitfor")
)
