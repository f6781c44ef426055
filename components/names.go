package components

import (
	"time"

	"eks-lattice/internal/names"
)

const (
	gatewayNamespace = names.GatewayNamespace
	gatewayClass     = "amazon-vpc-lattice"

	httpListener          = "http-listener"
	httpsListener         = "https-listener-with-default-domain"
	httpsListenerOfDomain = "https-listener-with-custom-domain"

	// attachLabel selects the namespaces whose routes the Gateway accepts.
	attachLabel      = "allow-attachment-to-infra-gw"
	attachLabelValue = "true"
)

// Annotations of the Lattice controller.
// https://www.gateway-api-controller.eks.aws.dev/latest/
const (
	latticeAnnotation = "application-networking.k8s.aws/"
	tagsAnnotation    = latticeAnnotation + "tags"
	// domainAnnotation appears on a route once its Lattice service answers.
	domainAnnotation = latticeAnnotation + "lattice-assigned-domain-name"
	// policyAnnotation appears on an IAMAuthPolicy once VPC Lattice has it. The
	// condition Accepted does not show that: it is set before the policy is put.
	policyAnnotation = latticeAnnotation + "iam-auth-policy-resource-id"
)

// waitForAnnotation tells Pulumi when an object is ready.
// https://www.pulumi.com/registry/packages/kubernetes/annotations/
const waitForAnnotation = "pulumi.com/waitFor"

// Time limits. Pulumi gives up on a Kubernetes object after ten minutes. An object
// that waits for a controller, or has a finalizer, may take longer.
const (
	controllerTimeout = 15 * time.Minute
	nodeGroupTimeout  = 45 * time.Minute
	// associationTimeout covers a network interface that AWS has not deleted yet.
	associationTimeout = 20 * time.Minute
)
