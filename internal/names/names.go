// Package names holds the names that follow from the configuration alone. It does
// not import an SDK, so that latticectl uses the program's names without
// compiling the program's dependencies.
package names

// The roles of a stack.
const (
	RoleEnvironment = "environment"
	RoleCluster     = "cluster"
)

// Names that users see with kubectl and in the AWS console, the same as those of
// the Terraform blueprint that this project succeeds.
// https://github.com/aws-ia/terraform-aws-eks-blueprints, patterns/vpc-lattice
const (
	// DefaultServiceNetwork is the name of the service network and of the Gateway,
	// by which the controller finds the network.
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
// value of its variable PodName, and contains curl. It is the demo of the
// Terraform blueprint, pinned.
const DefaultAppImage = "public.ecr.aws/seb-demo/http-server@sha256:05b913f6c411303f8967ed556b12c80ca49c63a9a37005bc8651c18df54266a6"

// DefaultServiceAccount exists in every namespace.
const DefaultServiceAccount = "default"

// DefaultAppPort is the port of applications that do not give another one, as the
// demo's.
const DefaultAppPort = 8090

// The protocols that applications speak.
const (
	ProtocolHTTP  = "http"
	ProtocolHTTP2 = "http2"
	ProtocolGRPC  = "grpc"
)

// Cluster returns the default name of a stack's EKS cluster.
func Cluster(stack string) string { return "eks-" + stack }

// DefaultVersion is the version of an application that lists none.
const DefaultVersion = "v1"

// Workload returns the name of the Deployment and the Service of an application
// that lists no versions.
func Workload(app string) string { return Version(app, DefaultVersion) }

// Version returns the name of the Deployment and the Service of a version of an
// application.
func Version(app, version string) string { return app + "-" + version }

// Host returns an application's name in the environment's domain.
func Host(app, domain string) string { return app + "." + domain }
