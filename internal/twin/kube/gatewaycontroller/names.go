package gatewaycontroller

// Names that tests and other packages read too.
const (
	// GatewayGroup is the API group of the Gateway API, LatticeGroup the controller's.
	GatewayGroup   = "gateway.networking.k8s.io"
	LatticeGroup   = "application-networking.k8s.aws"
	latticeManager = "manager" // the controller's binary
	controllerName = "application-networking.k8s.aws/gateway-api-controller"
	tagPrefix      = "application-networking.k8s.aws/"
	// ManagedByTag is the tag by which the controller finds what it owns.
	ManagedByTag     = tagPrefix + "ManagedBy"
	gatewayFinalizer = "gateway.k8s.aws/resources"

	// PolicyResourceID is the annotation with the id of the resource that has the policy.
	PolicyResourceID   = "application-networking.k8s.aws/iam-auth-policy-resource-id"
	policyResourceType = "application-networking.k8s.aws/iam-auth-policy-resource-type"
	policyResourceName = "application-networking.k8s.aws/iam-auth-policy-resource-name"
	policyFinalizer    = "application-networking.k8s.aws/iam-auth-policy"
	vpcPolicyFinalizer = "vpcassociationpolicies.application-networking.k8s.aws/resources"

	assignedDomain  = "application-networking.k8s.aws/lattice-assigned-domain-name"
	serviceARN      = "application-networking.k8s.aws/lattice-service-arn"
	certificateTLS  = "application-networking.k8s.aws/certificate-arn"
	nameOverride    = "application-networking.k8s.aws/service-name-override"
	allowTakeover   = "application-networking.k8s.aws/allow-takeover-from"
	extraTags       = "application-networking.k8s.aws/tags"
	routeNameTag    = "application-networking.k8s.aws/RouteName"
	routeSpaceTag   = "application-networking.k8s.aws/RouteNamespace"
	routeTypeTag    = "application-networking.k8s.aws/RouteType"
	fixedNotFound   = 404
	routeFinalizers = ".k8s.aws/resources"
)

// RouteKinds are the kinds of routes that the controller works on.
var RouteKinds = []string{"HTTPRoute", "GRPCRoute", "TLSRoute"}
