package components

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

const secureAppType = "eks-lattice:index:SecureApp"

// DefaultAppImage is the demo that applications run which name no image.
const DefaultAppImage = names.DefaultAppImage

// Caller is who may call an application: the pods of a namespace in a cluster
// of the same account and Region, or only those of one service account.
type Caller struct {
	Cluster        string
	Namespace      string
	ServiceAccount string // empty means any
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
	// LatticeRanges are the networks that VPC Lattice calls the pods from, as
	// LatticeCluster.LatticeRanges has them. From elsewhere nobody reaches the
	// pods, unless DirectAccess is set.
	LatticeRanges []string
	// DirectAccess lets every pod of the cluster, and whoever has a route to it,
	// call the application past VPC Lattice and so past Callers.
	DirectAccess bool
	Domain       string
	// GatewayName is the Gateway in namespace lattice-gateway.
	GatewayName string
	// Tags of the Lattice service. The controller makes it, so the aws
	// provider's default tags do not reach it.
	Tags    map[string]string
	Sources Sources

	// InjectionPolicy gives the pods their proxy; another one replaces the pods.
	// It is LatticeCluster.InjectionPolicy. A program that takes it from the stack
	// of the cluster runs its up after each up of that stack: a pod that names a
	// policy which is gone gets no proxy, and does not become ready.
	InjectionPolicy pulumi.StringInput
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
	if args.Image == "" {
		args.Image = DefaultAppImage
	}
	args.Settings().SetDefaults()
	return &args
}

// Settings connects the arguments with the settings that are their defaults and
// their checks.
func (a *SecureAppArgs) Settings() settings.List {
	return settings.List{
		settings.AppName.For(&a.Name),
		settings.AppNamespace.For(&a.Namespace),
		settings.AppServiceAccount.For(&a.ServiceAccount),
		settings.AppOwnImage.For(&a.Image),
		settings.AppReplicas.For(&a.Replicas),
		settings.AppDirectAccess.For(&a.DirectAccess),
		settings.Each(settings.AppAllow, &a.Callers, (*Caller).settings),
	}
}

func (c *Caller) settings() settings.List {
	return settings.List{
		settings.CallerCluster.For(&c.Cluster),
		settings.CallerNamespace.For(&c.Namespace),
		settings.CallerServiceAccount.For(&c.ServiceAccount),
	}
}

// Check returns everything that is wrong with the plain arguments.
func (a *SecureAppArgs) Check() problem.List {
	found := a.Settings().Check()
	seen := map[Caller]bool{}
	for i, caller := range a.Callers {
		at := fmt.Sprintf("allow[%d]", i)
		if a.isCaller(caller) {
			found.Missing(at, "names the application itself (%s/%s/%s); remove it, or name the service account of another application",
				caller.Cluster, caller.Namespace, a.ServiceAccount)
		}
		if seen[caller] {
			found.Missing(at, "is there twice")
		}
		seen[caller] = true
	}
	// The longest names of a partition and a Region stand for what is not known yet.
	account := Account{ID: "123456789012", Region: "ap-southeast-2", Partition: "aws-us-gov"}
	if size := len(callersPolicy(account, a.Callers).JSON()); size > maxAuthPolicy {
		found.Add("allow", len(a.Callers), "are too many: the policy that admits them would have %d characters, and VPC Lattice takes %d; leave service accounts out, or split the application",
			size, maxAuthPolicy)
	}
	return found
}

// maxAuthPolicy is in bytes. https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html
const maxAuthPolicy = 10 * 1024

// isCaller tells whether the application itself is who a caller names.
func (a *SecureAppArgs) isCaller(caller Caller) bool {
	return caller.Namespace != "" && caller.Cluster == a.ClusterName && caller.Namespace == a.Namespace &&
		(caller.ServiceAccount == "" || caller.ServiceAccount == a.ServiceAccount)
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
		{"injectionPolicy", a.InjectionPolicy != nil},
		{"caCertificate", a.CACertificate != nil},
		{"clientRoleArn", a.ClientRoleARN != nil},
	} {
		if !input.given {
			found.Missing(input.path, "is missing")
		}
	}
	if len(a.LatticeRanges) == 0 && !a.DirectAccess {
		found.Missing("latticeRanges", "is empty: VPC Lattice could not reach the pods; give those of the LatticeCluster, or set directAccess")
	}
	for i, cidr := range a.LatticeRanges {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			found.Add(fmt.Sprintf("latticeRanges[%d]", i), cidr, "is not a network; give those of the LatticeCluster")
		}
	}
}

func (a *SecureApp) version() string { return names.Workload(a.args.Name) }

func (a *SecureApp) hostname() string { return names.Host(a.args.Name, a.args.Domain) }

func (a *SecureApp) provision(ctx *pulumi.Context) error {
	// The network policy comes first: until it is there, pods take calls from anybody.
	before := a.args.BeforePods
	if !a.args.DirectAccess {
		policy, err := a.newNetworkPolicy(ctx)
		if err != nil {
			return err
		}
		before = append(slices.Clone(before), policy)
	}
	workload, err := a.newWorkload(ctx, before)
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
