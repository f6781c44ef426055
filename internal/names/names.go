// Package names holds the names that follow from the configuration alone. It
// imports no SDK, so that latticectl calls applications by the program's own
// names without compiling what the program is made of.
package names

// The roles of a stack.
const (
	RoleEnvironment = "environment"
	RoleCluster     = "cluster"
)

// Names that users see with kubectl and in the AWS console. The Terraform
// blueprint that this project succeeds uses the same ones
// (https://github.com/aws-ia/terraform-aws-eks-blueprints, patterns/vpc-lattice).
const (
	// DefaultServiceNetwork is the name of the service network and, because the
	// controller finds the network by it, of the Gateway.
	DefaultServiceNetwork = "lattice-gateway"
	// DefaultClientRole is the role that applications call with.
	DefaultClientRole = "vpc-lattice-sigv4-client"
)

// Namespaces of the controllers and of the Gateway.
const (
	LatticeNamespace     = "aws-application-networking-system"
	ExternalDNSNamespace = "external-dns"
	KyvernoNamespace     = "kyverno"
	GatewayNamespace     = "lattice-gateway"
)

// DefaultAppImage answers on port 8090 with "Requsting to Pod(<pod>): " and the
// value of its variable PodName, and has curl to call others with. It is the
// demo of the Terraform blueprint, pinned.
const DefaultAppImage = "public.ecr.aws/seb-demo/http-server@sha256:05b913f6c411303f8967ed556b12c80ca49c63a9a37005bc8651c18df54266a6"

// DefaultServiceAccount is the account that every namespace has.
const DefaultServiceAccount = "default"

// AppPort is what every application listens on.
const AppPort = 8090

// Cluster is the EKS cluster of a stack that names none.
func Cluster(stack string) string { return "eks-" + stack }

// Workload is an application's Deployment and Service. The version is part of
// it, so that a route can lead to several versions at once.
func Workload(app string) string { return app + "-v1" }

// Host is an application's name in the environment's domain.
func Host(app, domain string) string { return app + "." + domain }
