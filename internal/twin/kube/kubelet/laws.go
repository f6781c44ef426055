package kubelet

import "eks-lattice/internal/twin/law"

// The laws of pods and their containers.
var (
	LawImages = law.New(law.Kubernetes, "images-need-egress",
		"Images are pulled through the network of the node's subnet. Without a NAT gateway or an endpoint no new pod starts.",
		"https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html")
	LawArchitecture = law.New(law.Kubernetes, "images-have-an-architecture",
		"A container's programs run only on nodes of their architecture. An image for another one ends with exec format error.",
		"https://docs.aws.amazon.com/eks/latest/best-practices/cost-opt-compute.html; modelled for images that exist for one "+
			"architecture only, by name")
	LawMounts = law.New(law.Kubernetes, "mounts-must-exist",
		"A pod waits in ContainerCreating until the ConfigMaps and Secrets that it mounts exist.",
		"https://kubernetes.io/docs/concepts/configuration/configmap/#using-configmaps-as-files-from-a-pod")
	LawEnvironment = law.New(law.Kubernetes, "variables-must-exist",
		"A container does not start until the ConfigMaps and Secrets exist from which its environment variables come.",
		"https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#restrictions")
	LawCNI = law.New(law.Kubernetes, "pods-need-the-cni",
		"Without the VPC CNI no pod gets an address.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html")
	LawClusterDNS = law.New(law.Kubernetes, "names-need-coredns",
		"A process in a pod resolves names through CoreDNS. Without the add-on it cannot reach anything by name.",
		"https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html")
	LawProbes = law.New(law.Kubernetes, "probes-need-an-answer",
		"A pod is ready only if its containers answer their startup and readiness probes. Probes come from outside the pod: a port on "+
			"which nothing listens, or on the loopback interface only, does not answer.",
		"https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes")
	LawPorts = law.New(law.Kubernetes, "pod-shares-its-ports",
		"The containers of a pod share one network. If two listen on the same port, one of them does not start.",
		"https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking")
	LawFileModes = law.New(law.Kubernetes, "mounted-files-have-modes",
		"The files of a ConfigMap belong to root and have the volume's mode. A program of another user can read them only if "+
			"everybody may, or if the pod has an fsGroup.",
		"https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/")
	LawNonRoot = law.New(law.Kubernetes, "non-root-is-kept",
		"A container that runs as user 0 does not start if runAsNonRoot is set.",
		"https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/kuberuntime/security_context_others.go")
	LawNetAdmin = law.New(law.Kubernetes, "iptables-needs-net-admin",
		"Only root with the capability NET_ADMIN can change the iptables rules of a pod. Otherwise the init container fails and the "+
			"pod does not start.",
		"https://man7.org/linux/man-pages/man7/capabilities.7.html")
)
