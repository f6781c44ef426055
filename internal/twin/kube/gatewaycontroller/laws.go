package gatewaycontroller

import "eks-lattice/internal/twin/law"

// The laws of the controller.
var (
	LawClass = law.New(law.Controller, "class-is-accepted-by-its-controller",
		"A GatewayClass is accepted by the running controller that it names, and by nobody else.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass")
	LawNetwork = law.New(law.Controller, "gateway-needs-its-service-network",
		"A Gateway is programmed when exactly one service network has its name at the moment that the controller looks; the controller does "+
			"not look again.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	LawGatewayRoutes = law.New(law.Controller, "gateway-outlives-its-routes",
		"The controller keeps a Gateway's finalizer while a route refers to it.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	LawDefaultNetwork = law.New(law.Controller, "default-network-is-tried-once",
		"With defaultServiceNetwork the controller makes network and VPC association once, at its start, goes on without them on any error, "+
			"and never deletes them.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	LawPolicyTarget = law.New(law.Controller, "auth-policy-needs-its-target",
		"An IAMAuthPolicy is accepted when its target, a route or a Gateway, exists in the policy's own namespace.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/api-types/iam-auth-policy/")
	LawPolicyService = law.New(law.Controller, "auth-policy-before-its-service-is-swallowed",
		"An IAMAuthPolicy whose Lattice service does not exist yet counts as reconciled without having any effect; only an event of its route "+
			"makes the controller try again.",
		"https://github.com/aws/aws-application-networking-k8s/pull/481")
	LawPolicyOpens = law.New(law.Controller, "gateway-policy-opens-the-network",
		"Deleting an IAMAuthPolicy of a Gateway deletes the service network's policy and sets its auth type to NONE, whichever cluster put it.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/lattice/iamauthpolicy_manager.go")
	LawPolicyStays = law.New(law.Controller, "auth-policy-never-put-stays",
		"A deleted IAMAuthPolicy that the controller accepted and never put, or whose Lattice service is gone, keeps its finalizer for as "+
			"long as its target is there.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/iamauthpolicy_controller.go")
	LawPolicyConflict = law.New(law.Controller, "one-auth-policy-per-target",
		"Of several IAMAuthPolicies for one target only the oldest is accepted.",
		"https://gateway-api.sigs.k8s.io/geps/gep-713/")
	LawRouteParent = law.New(law.Controller, "route-needs-its-gateway",
		"The controller works on a route, also on its deletion, only while a Gateway of a class of its own is among the parents; else the "+
			"finalizer stays.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
	LawRouteAllowed = law.New(law.Controller, "listeners-choose-namespaces",
		"A listener takes routes only from the namespaces that allowedRoutes selects: the namespace needs the label.",
		"https://github.com/aws/aws-application-networking-k8s/pull/845")
	LawRouteListener = law.New(law.Controller, "route-names-a-listener",
		"sectionName and port of a parentRef must match a listener of the Gateway.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#parentreference")
	LawRouteHostname = law.New(law.Controller, "hostnames-intersect",
		"A route is accepted by a listener whose hostname, perhaps with a wildcard, covers one of the route's.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#listener")
	LawRouteConflict = law.New(law.Controller, "service-names-have-no-cluster",
		"Route and namespace alone name the Lattice service: the same pair in a second cluster is a conflict, which the controller does not "+
			"try again.",
		"https://github.com/aws/aws-application-networking-k8s/issues/453")
	LawRouteBackend = law.New(law.Controller, "route-targets-are-pods",
		"A route's target groups hold the addresses of the ready pods behind its Services.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/concepts/concepts/")
	LawDNSEndpoint = law.New(law.Controller, "dnsendpoint-crd-comes-before-the-controller",
		"The controller makes DNSEndpoints only when their CRD was served at its start.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/guides/custom-domain-name/")
	LawCertificateFound = law.New(law.Controller, "certificate-by-option-or-discovery",
		"A TLS listener without the certificate option gets the certificate of ACM whose names cover the route's first hostname; without one "+
			"the route is not accepted.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/guides/https/")
	LawGroupsCollected = law.New(law.Controller, "target-groups-are-collected",
		"A route's target groups do not go with it: the controller collects them every 30 seconds, and once more when targets were still "+
			"draining. Without it they stay.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/stack_deployer.go")
	LawCRDs = law.New(law.Controller, "controller-exits-without-its-crds",
		"The Lattice controller exits at its start unless gateway.networking.k8s.io/v1 serves GatewayClass, Gateway, HTTPRoute, GRPCRoute and "+
			"TLSRoute.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/cmd/aws-application-networking-k8s/main.go")
	LawConfig = law.New(law.Controller, "controller-exits-without-its-cluster",
		"Without region, account, VPC or cluster name the controller asks the instance metadata service, which pods on managed nodes do not "+
			"reach, and exits.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/faq/")
)
