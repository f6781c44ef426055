package gatewaycontroller

import "eks-lattice/internal/twin/law"

// The laws of the controller.
var (
	LawClass = law.New(law.Controller, "class-is-accepted-by-its-controller",
		"Only the running controller that a GatewayClass names accepts it.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass")
	LawNetwork = law.New(law.Controller, "gateway-needs-its-service-network",
		"A Gateway is programmed if exactly one service network has its name when the controller looks. The controller does not look "+
			"again.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	LawGatewayRoutes = law.New(law.Controller, "gateway-outlives-its-routes",
		"The controller keeps a Gateway's finalizer while a route refers to it.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	LawDefaultNetwork = law.New(law.Controller, "default-network-is-tried-once",
		"With defaultServiceNetwork the controller creates the service network and the VPC association once, at its start. It "+
			"continues without them on any error, and never deletes them.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	LawPolicyTarget = law.New(law.Controller, "auth-policy-needs-its-target",
		"An IAMAuthPolicy is accepted if its target, a route or a Gateway, exists in the policy's own namespace.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/api-types/iam-auth-policy/")
	LawPolicyService = law.New(law.Controller, "auth-policy-before-its-service-is-swallowed",
		"An IAMAuthPolicy whose Lattice service does not exist yet counts as reconciled but has no effect. The controller retries "+
			"only when the route changes.",
		"https://github.com/aws/aws-application-networking-k8s/pull/481")
	LawPolicyOpens = law.New(law.Controller, "gateway-policy-opens-the-network",
		"Deleting an IAMAuthPolicy of a Gateway deletes the service network's policy and sets its auth type to NONE, no matter which "+
			"cluster put the policy.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/lattice/iamauthpolicy_manager.go")
	LawPolicyStays = law.New(law.Controller, "auth-policy-never-put-stays",
		"A deleted IAMAuthPolicy keeps its finalizer while its target exists, if the controller accepted the policy but never put it, "+
			"or if its Lattice service is gone.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/iamauthpolicy_controller.go")
	LawTargetGroupPolicy = law.New(law.Controller, "target-group-policy-needs-its-service",
		"A TargetGroupPolicy is accepted, and routes take it into account, if its Service exists in its own namespace and no older policy "+
			"has that Service.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/k8s/policyhelper/policy.go")
	LawPolicyKept = law.New(law.Controller, "refused-policy-keeps-the-former",
		"If VPC Lattice refuses a changed policy, the service keeps the former one: a revocation does not hold. The IAMAuthPolicy has its "+
			"annotations from before, so Pulumi and kubectl report success.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/iamauthpolicy_controller.go")
	LawPolicyConflict = law.New(law.Controller, "one-auth-policy-per-target",
		"If several IAMAuthPolicies have the same target, only the oldest is accepted.",
		"https://gateway-api.sigs.k8s.io/geps/gep-713/")
	LawRouteParent = law.New(law.Controller, "route-needs-its-gateway",
		"The controller works on a route, including its deletion, only while a parent Gateway has a class of the controller. "+
			"Otherwise the finalizer stays.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
	LawRouteAllowed = law.New(law.Controller, "listeners-choose-namespaces",
		"A listener takes routes only from the namespaces that allowedRoutes selects, so the namespace needs the label.",
		"https://github.com/aws/aws-application-networking-k8s/pull/845")
	LawRouteListener = law.New(law.Controller, "route-names-a-listener",
		"The sectionName and port of a parentRef must match a listener of the Gateway.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#parentreference")
	LawRouteHostname = law.New(law.Controller, "hostnames-intersect",
		"A listener accepts a route only if its hostname, possibly with a wildcard, covers one of the route's.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#listener")
	LawRouteConflict = law.New(law.Controller, "service-names-have-no-cluster",
		"The name of a Lattice service consists of route and namespace only. The same pair in a second cluster, or for a "+
			"route of another kind, is a conflict, which the controller does not retry.",
		"https://github.com/aws/aws-application-networking-k8s/issues/453")
	LawRouteMatch = law.New(law.Controller, "route-matches-fit-lattice",
		"A rule of a route has at most one match, with at most five headers, all of type Exact. The controller refuses query parameters, "+
			"regular expressions, and a gRPC method without its service.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/gateway/model_build_rule.go")
	LawRouteKind = law.New(law.Controller, "listeners-choose-kinds",
		"Unless allowedRoutes names kinds, HTTP listeners take HTTPRoutes, HTTPS listeners HTTPRoutes and GRPCRoutes, and TLS "+
			"listeners TLSRoutes.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/model/core/route.go")
	LawRouteBackend = law.New(law.Controller, "route-targets-are-pods",
		"A route's target groups hold the addresses of the pods behind its Services until they terminate.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/gateway/model_build_targets.go; modelled: the twin "+
			"registers pods when they are ready, the controller before")
	LawDNSEndpoint = law.New(law.Controller, "dnsendpoint-crd-comes-before-the-controller",
		"The controller creates DNSEndpoints only if their CRD was served at its start.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/guides/custom-domain-name/")
	LawCertificateFound = law.New(law.Controller, "certificate-by-option-or-discovery",
		"A TLS listener without the certificate option uses the ACM certificate whose names cover the route's first hostname. If "+
			"there is none, the route is not accepted.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/guides/https/")
	LawGroupsCollected = law.New(law.Controller, "target-groups-are-collected",
		"Target groups outlive their route: the controller collects them every 30 seconds, and once more if targets were still "+
			"draining. Without the controller they stay.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/stack_deployer.go")
	LawCRDs = law.New(law.Controller, "controller-exits-without-its-crds",
		"The AWS Gateway API Controller exits at its start unless gateway.networking.k8s.io/v1 serves GatewayClass, Gateway, "+
			"HTTPRoute, GRPCRoute and TLSRoute.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/cmd/aws-application-networking-k8s/main.go")
	LawConfig = law.New(law.Controller, "controller-exits-without-its-cluster",
		"Without region, account, VPC or cluster name the controller asks the instance metadata service, which pods on managed nodes "+
			"cannot reach, and exits.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/faq/")
)
