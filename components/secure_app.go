package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
)

const secureAppType = "eks-lattice:index:SecureApp"

// DefaultAppImage answers on port 8090 with "Requsting to Pod(<pod>): " and the
// value of its variable PodName, and has curl to call others with. It is the
// demo of the Terraform blueprint, pinned.
const DefaultAppImage = "public.ecr.aws/seb-demo/http-server@sha256:05b913f6c411303f8967ed556b12c80ca49c63a9a37005bc8651c18df54266a6"

// Caller is who may call an application: the pods of a namespace in a cluster
// of the same account and Region, or only those of one service account.
type Caller struct {
	Cluster        string `json:"cluster"`
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount,omitempty"`
}

// SecureAppArgs decides what an application is and who may call it.
type SecureAppArgs struct {
	Account Account
	// ClusterName is the cluster that the application runs in.
	ClusterName string
	// Name is the route's name and the first label of the host name. It must be
	// another one in each cluster of the account and Region, because VPC Lattice
	// knows the application as <Name>-<Namespace>.
	Name string
	// Namespace that the application runs in. It is there when BeforePods is.
	Namespace string
	// ServiceAccount that the pods run as; empty means "default".
	ServiceAccount string
	// Image of the application, which listens on port 8090; empty means
	// DefaultAppImage.
	Image string
	// Replicas; 0 means 1.
	Replicas int
	// Callers may call the application; all others are refused.
	Callers []Caller
	Domain  string
	// GatewayName is the Gateway in namespace lattice-gateway.
	GatewayName string
	// Tags of the Lattice service. The controller makes it, so the aws
	// provider's default tags do not reach it.
	Tags    map[string]string
	Sources Sources
	Proxy   ProxyArgs

	// CACertificate is what the proxy trusts; a new one replaces the pods.
	CACertificate pulumi.StringInput
	// ClientRoleARN is what the proxy calls with; a new one replaces the pods.
	ClientRoleARN pulumi.StringInput
	// BeforePods must be there before the pods, and go after them.
	BeforePods []pulumi.Resource
	// BeforeRoute must be there before the route, and go after it.
	BeforeRoute []pulumi.Resource
}

// SecureApp is an application with a private name that only its callers reach.
type SecureApp struct {
	pulumi.ResourceState

	// URL is what callers use. It is http: the proxies talk TLS to each other,
	// and only what leaves the application in the clear can be signed for it.
	URL pulumi.StringOutput `pulumi:"url"`

	name string
	args *SecureAppArgs
}

// NewSecureApp registers a SecureApp. It needs a kubernetes provider.
func NewSecureApp(ctx *pulumi.Context, name string, args *SecureAppArgs, opts ...pulumi.ResourceOption) (*SecureApp, error) {
	if args == nil {
		args = &SecureAppArgs{}
	}
	args = args.withDefaults()
	found := args.Check()
	args.checkInputs(&found)
	if err := found.Err(fmt.Sprintf("secure app %q", name)); err != nil {
		return nil, err
	}
	a := &SecureApp{name: name, args: args}
	if err := ctx.RegisterComponentResource(secureAppType, name, a, opts...); err != nil {
		return nil, fmt.Errorf("registering secure app %q: %w", name, err)
	}
	if err := a.provision(ctx); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{"url": a.URL}); err != nil {
		return nil, fmt.Errorf("registering outputs of secure app %q: %w", name, err)
	}
	return a, nil
}

func (a *SecureAppArgs) withDefaults() *SecureAppArgs {
	args := *a
	if args.ServiceAccount == "" {
		args.ServiceAccount = DefaultServiceAccount
	}
	if args.Image == "" {
		args.Image = DefaultAppImage
	}
	if args.Replicas == 0 {
		args.Replicas = 1
	}
	return &args
}

// Check returns everything that is wrong with the plain arguments.
func (a *SecureAppArgs) Check() problem.List {
	var found problem.List
	checkName(&found, "name", a.Name, maxRouteName, becauseRoute)
	checkNamespace(&found, "namespace", a.Namespace)
	checkServiceName(&found, a.Name, a.Namespace)
	if a.ServiceAccount != "" {
		checkName(&found, "serviceAccount", a.ServiceAccount, 63, becauseDNS)
	}
	checkImage(&found, "image", a.Image)
	if a.Replicas < 0 || a.Replicas > 100 {
		found.Add("replicas", a.Replicas, "must be between 1 and 100")
	}
	if len(a.Callers) == 0 {
		found.Missing("allow", "is empty: nobody could call the application; name a cluster and a namespace")
	}
	seen := map[Caller]bool{}
	for i, caller := range a.Callers {
		at := fmt.Sprintf("allow[%d]", i)
		a.checkCaller(&found, at, caller)
		if seen[caller] {
			found.Missing(at, "is there twice")
		}
		seen[caller] = true
	}
	return found
}

func (a *SecureAppArgs) checkCaller(found *problem.List, path string, caller Caller) {
	if caller == (Caller{}) {
		found.Missing(path, "names nobody; give a cluster and a namespace")
		return
	}
	checkClusterName(found, path+".cluster", caller.Cluster)
	checkNamespace(found, path+".namespace", caller.Namespace)
	if caller.ServiceAccount != "" {
		checkName(found, path+".serviceAccount", caller.ServiceAccount, 63, becauseDNS)
	}
	own := a.ServiceAccount
	if own == "" {
		own = DefaultServiceAccount
	}
	if caller.Namespace != "" && caller.Cluster == a.ClusterName && caller.Namespace == a.Namespace &&
		(caller.ServiceAccount == "" || caller.ServiceAccount == own) {
		found.Missing(path, "names the application itself (%s/%s/%s); remove it, or name the service account of another application",
			caller.Cluster, caller.Namespace, own)
	}
}

func (a *SecureAppArgs) checkInputs(found *problem.List) {
	for _, input := range []struct {
		path  string
		given bool
	}{
		{"account", a.Account != Account{}},
		{"clusterName", a.ClusterName != ""},
		{"domain", a.Domain != ""},
		{"gatewayName", a.GatewayName != ""},
		{"caCertificate", a.CACertificate != nil},
		{"clientRoleArn", a.ClientRoleARN != nil},
	} {
		if !input.given {
			found.Missing(input.path, "is missing")
		}
	}
}

func (a *SecureApp) version() string { return names.Workload(a.args.Name) }

func (a *SecureApp) hostname() string { return names.Host(a.args.Name, a.args.Domain) }

func (a *SecureApp) provision(ctx *pulumi.Context) error {
	workload, err := a.newWorkload(ctx)
	if err != nil {
		return err
	}
	route, err := a.newRoute(ctx, workload)
	if err != nil {
		return err
	}
	if err := a.newAuthPolicy(ctx, route); err != nil {
		return err
	}
	a.URL = pulumi.String("http://" + a.hostname()).ToStringOutput()
	return nil
}
