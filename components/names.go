package components

import "time"

// Names that users see with kubectl and in the AWS console. The Terraform
// blueprint that this project succeeds uses the same ones
// (https://github.com/aws-ia/terraform-aws-eks-blueprints, patterns/vpc-lattice).
const (
	// DefaultServiceNetwork is the name of the service network and, because the
	// controller finds the network by it, of the Gateway.
	DefaultServiceNetwork = "lattice-gateway"
	// DefaultClientRole is the role that applications call with.
	DefaultClientRole = "vpc-lattice-sigv4-client"

	gatewayNamespace = "lattice-gateway"
	gatewayClass     = "amazon-vpc-lattice"

	httpListener          = "http-listener"
	httpsListener         = "https-listener-with-default-domain"
	httpsListenerOfDomain = "https-listener-with-custom-domain"

	// attachLabel marks the namespaces whose routes the Gateway accepts.
	attachLabel      = "allow-attachment-to-infra-gw"
	attachLabelValue = "true"
)

// Limits on names.
const (
	// VPC Lattice names a service after its route and namespace, and the
	// controller cuts the two at these lengths: two longer names could collide.
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/utils/common.go
	maxRouteName     = 20
	maxNamespaceName = 18
	// ExternalDNS writes a TXT record whose first label is the cluster's name,
	// "-cname-" and the route's name; a DNS label has at most 63 bytes.
	maxClusterName = 63 - len("-cname-") - maxRouteName
)

// Annotations of the Lattice controller.
// https://www.gateway-api-controller.eks.aws.dev/latest/
const (
	latticeAnnotation = "application-networking.k8s.aws/"
	tagsAnnotation    = latticeAnnotation + "tags"
	// domainAnnotation appears on a route once its Lattice service answers.
	domainAnnotation = latticeAnnotation + "lattice-assigned-domain-name"
	// policyAnnotation appears on an IAMAuthPolicy once VPC Lattice has it. The
	// condition Accepted does not tell: it is set before the policy is put.
	policyAnnotation = latticeAnnotation + "iam-auth-policy-resource-id"
)

// waitForAnnotation tells Pulumi when an object is ready.
// https://www.pulumi.com/registry/packages/kubernetes/annotations/
const waitForAnnotation = "pulumi.com/waitFor"

// Time limits. Pulumi gives up on a Kubernetes object after ten minutes; what
// a controller must finish first, or what has a finalizer, may take longer.
const (
	controllerTimeout = 15 * time.Minute
	nodeGroupTimeout  = 45 * time.Minute
	// associationTimeout covers a network interface that lingers in the VPC.
	associationTimeout = 20 * time.Minute
)
