// Package sidecar renders everything that lets an unchanged pod call VPC Lattice:
// the bootstrap of the Envoy proxy that signs its requests, the iptables rules that
// redirect them to the proxy, the ConfigMap with both and the CA, and the Kyverno
// policy that injects the two containers.
//
// All functions are deterministic: equal arguments give equal bytes.
package sidecar

// Names that users see or select by.
const (
	// Annotation, set to "true" on a pod, requests the sidecar. The key, including
	// "lattices", is that of the Terraform blueprint, which its users have in their
	// manifests (aws-ia/terraform-aws-eks-blueprints, patterns/vpc-lattice).
	Annotation      = "vpc-lattices-svcs.amazonaws.com/agent-inject"
	AnnotationValue = "true"

	// NamespaceLabelKey and NamespaceLabelValue select the namespaces of the
	// injection webhook. An outage of Kyverno does not affect pods in others.
	NamespaceLabelKey   = "eks-lattice.io/sidecar-injection"
	NamespaceLabelValue = "enabled"

	// ConfigMapName is the ConfigMap that every namespace with injected pods
	// needs. ConfigMapData returns its content.
	ConfigMapName = "envoy-sigv4"

	// PolicyAnnotation names the MutatingPolicy that injects the sidecar into a
	// pod. For a pod with only Annotation, any policy does.
	PolicyAnnotation = "eks-lattice.io/injection-policy"
	// policyPrefix begins the name of each MutatingPolicy.
	policyPrefix = "inject-envoy-sigv4"

	// InitContainerName and ProxyContainerName are the injected containers.
	InitContainerName  = "iptables-init"
	ProxyContainerName = "envoy-sigv4"

	// Keys of the ConfigMap, which are files in ConfigDir in the pod.
	BootstrapKey = "envoy.yaml"
	RulesKey     = "iptables.rules"
	CAKey        = "ca.pem"
	CASecretKey  = "ca-sds.yaml"
	ConfigDir    = "/etc/eks-lattice"
)

// Values that the bootstrap, the rules and the pod parts share.
const (
	// UID and GID of the proxy. The redirect exempts only traffic of this uid, so
	// no application may have it.
	UID = 47443
	GID = 47443

	// ListenPort accepts redirected connections, on 127.0.0.1 only. It is not
	// 8080, because the proxy shares the pod's network with the application, which
	// often listens there.
	ListenPort = 15001
	// ReadyPort answers the kubelet's probes with Envoy's readiness and nothing
	// else. It listens on all addresses: the kubelet probes from outside the pod.
	ReadyPort = 15021
	ReadyPath = "/ready"
	// AdminPort is Envoy's admin interface, on 127.0.0.1 only.
	AdminPort = 15000

	// Workers is the number of the proxy's threads. Envoy's default is one per CPU
	// of the node, each with its own connections and memory.
	Workers = 2

	// LatticeCIDR contains the addresses of services in every associated VPC: the
	// link-local part of VPC Lattice's managed prefix list.
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
	LatticeCIDR = "169.254.171.0/24"
)
