// Package sidecar renders what turns an unchanged pod into a caller of VPC
// Lattice: the bootstrap of the Envoy proxy that signs its requests, the
// iptables rules that lead them there, the ConfigMap that holds both together
// with the CA, and the Kyverno policy that injects the two containers.
//
// All functions are plain and deterministic: equal arguments give equal bytes.
package sidecar

// Names that users see or select by.
const (
	// Annotation, set to "true" on a pod, asks for the sidecar. The key, with
	// its "lattices", is the one that users of the Terraform blueprint
	// (aws-ia/terraform-aws-eks-blueprints, patterns/vpc-lattice) already have
	// in their manifests.
	Annotation      = "vpc-lattices-svcs.amazonaws.com/agent-inject"
	AnnotationValue = "true"

	// NamespaceLabelKey and NamespaceLabelValue mark the namespaces that the
	// injection webhook is confined to: whatever happens to Kyverno, no other
	// namespace's pods wait for it.
	NamespaceLabelKey   = "eks-lattice.io/sidecar-injection"
	NamespaceLabelValue = "enabled"

	// ConfigMapName is the ConfigMap that every namespace with injected pods
	// needs; ConfigMapData gives its content.
	ConfigMapName = "envoy-sigv4"

	// PolicyAnnotation names the MutatingPolicy that a pod is to get the sidecar
	// from. A pod that has only Annotation gets it from any.
	PolicyAnnotation = "eks-lattice.io/injection-policy"
	// policyPrefix begins the name of each MutatingPolicy, see PolicyName.
	policyPrefix = "inject-envoy-sigv4"

	// InitContainerName and ProxyContainerName are the injected containers.
	InitContainerName  = "iptables-init"
	ProxyContainerName = "envoy-sigv4"

	// Keys of the ConfigMap, which are file names below ConfigDir in the pod.
	BootstrapKey = "envoy.yaml"
	RulesKey     = "iptables.rules"
	CAKey        = "ca.pem"
	CASecretKey  = "ca-sds.yaml"
	ConfigDir    = "/etc/eks-lattice"
)

// Numbers that the bootstrap, the rules and the pod parts must agree on.
const (
	// UID and GID of the proxy. The redirect spares traffic of this uid only,
	// so no application may run as it.
	UID = 47443
	GID = 47443

	// ListenPort takes redirected connections, on 127.0.0.1 only. It is not
	// 8080: the proxy shares the pod's network with the application, and one
	// that listens on 8080, the commonest of ports, must not fail to start.
	ListenPort = 15001
	// ReadyPort answers the kubelet's probes with Envoy's readiness and
	// nothing else, on all addresses: the kubelet probes from outside the pod.
	ReadyPort = 15021
	ReadyPath = "/ready"
	// AdminPort is Envoy's admin interface, on 127.0.0.1 only.
	AdminPort = 15000

	// Workers is the number of the proxy's threads. Envoy's default is one for
	// each CPU of the node, each with its own connections and memory.
	Workers = 2

	// LatticeCIDR is where VPC Lattice answers in every associated VPC: the
	// link-local part of its managed prefix list
	// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html).
	LatticeCIDR = "169.254.171.0/24"
)
