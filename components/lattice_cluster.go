package components

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
	"eks-lattice/internal/sidecar"
)

const latticeClusterType = "eks-lattice:index:LatticeCluster"

// LatticeClusterArgs decides what a cluster looks like. What is not given has
// the default of its key in the documentation's table of configuration.
type LatticeClusterArgs struct {
	Account Account
	// ClusterName is part of the policies of other clusters' applications.
	ClusterName string
	// KubernetesVersion such as "1.35".
	KubernetesVersion string
	// ExtendedSupport keeps the cluster at its version when standard support of
	// that ends, for six times the price. Otherwise EKS upgrades it then.
	ExtendedSupport bool
	// AddonVersions of EKS's add-ons by name. One that is not there has the newest
	// version of each up.
	AddonVersions map[string]string
	Network       NetworkArgs
	Nodes         NodesArgs
	// PublicAccessCIDRs may reach the cluster's API over the Internet. An empty
	// list closes that way; nil stands for everybody.
	PublicAccessCIDRs []string
	// PrivateAccessCIDRs are connected to the VPC and may reach the API there.
	PrivateAccessCIDRs []string
	// TransitGatewayID leads to PrivateAccessCIDRs. Empty means that they are
	// connected in another way.
	TransitGatewayID string
	// CustomerManagedKey has a KMS key of the cluster's own encrypt what the
	// Kubernetes API stores. It can be set later, and never unset.
	CustomerManagedKey bool
	// LogTypes of the control plane that go to CloudWatch Logs.
	LogTypes []string
	// LogRetentionDays is how long they stay there.
	LogRetentionDays int
	// AdminPrincipalARNs are roles and users who administer the cluster,
	// besides the one who creates it.
	AdminPrincipalARNs []string
	// Tags of the nodes. EKS makes these, so the aws provider's default tags do
	// not reach them.
	Tags    map[string]string
	Sources Sources
	Proxy   ProxyArgs

	// Domain is the private zone's name.
	Domain string
	// AppNames are the applications of this cluster: ExternalDNS may write their
	// names into the zone, and no others.
	AppNames []string
	// ServiceNetworkName is also the name of the Gateway.
	ServiceNetworkName string
	ServiceNetworkID   pulumi.StringInput
	ZoneID             pulumi.StringInput
	ZoneARN            pulumi.StringInput
	// CertificateARN is the ACM certificate for *.<Domain>.
	CertificateARN pulumi.StringInput
}

// ProxyArgs names the images of the signing proxy that pods get; empty ones
// stand for the pinned defaults.
type ProxyArgs struct {
	EnvoyImage    string
	IptablesImage string
}

// LatticeCluster is an EKS cluster in a VPC of its own whose pods call
// services, and offer them, over VPC Lattice.
type LatticeCluster struct {
	pulumi.ResourceState

	ClusterName pulumi.StringOutput `pulumi:"clusterName"`
	ClusterARN  pulumi.StringOutput `pulumi:"clusterArn"`
	VPCID       pulumi.StringOutput `pulumi:"vpcId"`
	// InjectionPolicy is the policy that gives pods their proxy, known once it works.
	InjectionPolicy pulumi.StringOutput `pulumi:"injectionPolicy"`
	// Kubeconfig runs `aws eks get-token` with the caller's own credentials. It
	// is a secret all the same, because users may keep keys in theirs.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`

	name       string
	args       *LatticeClusterArgs
	kubernetes *kubernetes.Provider

	versions versions

	// What later parts wait for, and are destroyed before.
	network     network
	plane       controlPlane
	reachable   []pulumi.Resource // the cluster's API, its nodes and what their pods need
	dns         pulumi.Resource   // for programs that call by name; Kyverno does not
	crds        []pulumi.Resource
	association pulumi.Resource // of the VPC with the service network
	controllers controllers
	injection   pulumi.Resource
	gateway     pulumi.Resource

	latticeRanges []string
}

// NewLatticeCluster registers a LatticeCluster. It needs an aws and an eks provider.
func NewLatticeCluster(ctx *pulumi.Context, name string, args *LatticeClusterArgs, opts ...pulumi.ResourceOption) (*LatticeCluster, error) {
	if args == nil {
		args = &LatticeClusterArgs{}
	}
	args = args.withDefaults()
	found := args.Check()
	args.checkInputs(&found)
	if err := found.Err(fmt.Sprintf("lattice cluster %q", name)); err != nil {
		return nil, err
	}
	c := &LatticeCluster{name: name, args: args}
	if err := ctx.RegisterComponentResource(latticeClusterType, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering lattice cluster %q: %w", name, err)
	}
	if err := c.provision(ctx); err != nil {
		return nil, err
	}
	return c, c.outputs(ctx)
}

func (a *LatticeClusterArgs) withDefaults() *LatticeClusterArgs {
	args := *a
	args.Settings().SetDefaults()
	return &args
}

// Settings connects the arguments with the settings that are their defaults and
// their checks.
func (a *LatticeClusterArgs) Settings() settings.List {
	return slices.Concat(
		settings.List{
			settings.ClusterName.For(&a.ClusterName),
			settings.KubernetesVersion.For(&a.KubernetesVersion),
			settings.ExtendedSupport.For(&a.ExtendedSupport),
			settings.AddonVersions.For(&a.AddonVersions),
		},
		a.Network.settings(),
		a.Nodes.settings(),
		settings.List{
			settings.PublicAccessCIDRs.For(&a.PublicAccessCIDRs),
			settings.PrivateAccessCIDRs.For(&a.PrivateAccessCIDRs),
			settings.TransitGatewayID.For(&a.TransitGatewayID),
			settings.CustomerManagedKey.For(&a.CustomerManagedKey),
			settings.ClusterLogTypes.For(&a.LogTypes),
			settings.ClusterLogRetentionDays.For(&a.LogRetentionDays),
			settings.AdminPrincipalARNs.For(&a.AdminPrincipalARNs),
		},
		a.Sources.settings(),
		settings.List{
			settings.EnvoyImage.For(&a.Proxy.EnvoyImage),
			settings.IptablesImage.For(&a.Proxy.IptablesImage),
		},
	)
}

// Check returns everything that is wrong with the plain arguments.
func (a *LatticeClusterArgs) Check() problem.List {
	found := a.Settings().Check()
	a.checkRelease(&found)
	a.Nodes.check(&found)
	a.checkAccess(&found)
	a.checkAppNames(&found)
	a.checkAdmins(&found)
	return found
}

// checkAdmins reports principals of another account, once the account is known:
// EKS refuses them when everything else exists.
// https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
func (a *LatticeClusterArgs) checkAdmins(found *problem.List) {
	if a.Account == (Account{}) {
		return
	}
	for i, text := range a.AdminPrincipalARNs {
		arn, ok := check.ParseARN(text)
		if ok && (arn.Account != a.Account.ID || arn.Partition != a.Account.Partition) {
			found.Add(fmt.Sprintf("adminPrincipalArns[%d]", i), text, "is of another account than the cluster's, which is %s in partition %s; give a role of that account, which others may assume",
				a.Account.ID, a.Account.Partition)
		}
	}
}

// checkInputs reports inputs that were not given. Their values may be unknown.
func (a *LatticeClusterArgs) checkInputs(found *problem.List) {
	for _, input := range []struct {
		path  string
		given bool
	}{
		{"domain", a.Domain != ""},
		{"serviceNetworkName", a.ServiceNetworkName != ""},
		{"serviceNetworkId", a.ServiceNetworkID != nil},
		{"zoneId", a.ZoneID != nil},
		{"zoneArn", a.ZoneARN != nil},
		{"certificateArn", a.CertificateARN != nil},
		{"account", a.Account != Account{}},
	} {
		if !input.given {
			found.Missing(input.path, "is missing")
		}
	}
}

// provision makes the cluster from the ground up. Each part depends on those
// above it; read backwards, this is the order of a destroy.
func (c *LatticeCluster) provision(ctx *pulumi.Context) error {
	for _, part := range []func(*pulumi.Context) error{
		c.lookUpVersions,
		c.newNetwork,
		c.newControlPlane,
		c.newPrivateAccess,
		c.newNodes,
		c.newAdmins,
		c.newKubernetesProvider,
		c.newAssociations,
		c.newCRDs,
		c.newControllers,
		c.newInjection,
		c.newGateway,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *LatticeCluster) outputs(ctx *pulumi.Context) error {
	err := ctx.RegisterResourceOutputs(c, pulumi.Map{
		"clusterName":     c.ClusterName,
		"clusterArn":      c.ClusterARN,
		"vpcId":           c.VPCID,
		"injectionPolicy": c.InjectionPolicy,
		"kubeconfig":      c.Kubeconfig,
	})
	if err != nil {
		return fmt.Errorf("registering the cluster's outputs: %w", err)
	}
	return nil
}

// Kubernetes is the provider for objects in the cluster.
func (c *LatticeCluster) Kubernetes() pulumi.ProviderResource { return c.kubernetes }

// BeforePods returns what must be there before an application's pods, and go
// after them.
func (c *LatticeCluster) BeforePods() []pulumi.Resource {
	return []pulumi.Resource{
		// a pod that comes earlier runs without the proxy until it is replaced
		c.injection,
		// A route goes before its pods, and what was made for it must go before
		// the controllers that made it: its record with ExternalDNS's next loop,
		// its target groups when the Lattice controller has collected them twice,
		// which is a minute. The time that the pods take to drain is theirs.
		c.controllers.externalDNS,
		c.controllers.lattice,
	}
}

// BeforeRoutes returns what must be there before a route, and go after it: the
// controller releases a route only while it finds Gateway and class.
func (c *LatticeCluster) BeforeRoutes() []pulumi.Resource { return []pulumi.Resource{c.gateway} }

// LatticeRanges returns the networks that VPC Lattice calls pods from, those of
// its prefix lists in the Region.
func (c *LatticeCluster) LatticeRanges() []string { return slices.Clone(c.latticeRanges) }

// sidecarArgs says what the injected proxy looks like.
func sidecarArgs(account Account, sources Sources, proxy ProxyArgs) sidecar.Args {
	images := sidecar.DefaultImages()
	if proxy.EnvoyImage != "" {
		images.Envoy = proxy.EnvoyImage
	}
	if proxy.IptablesImage != "" {
		images.Iptables = proxy.IptablesImage
	}
	images.Envoy, images.Iptables = sources.image(images.Envoy), sources.image(images.Iptables)
	return sidecar.Args{Region: account.Region, Images: images}
}
