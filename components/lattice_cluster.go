package components

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/sidecar"
)

const latticeClusterType = "eks-lattice:index:LatticeCluster"

// LatticeClusterArgs decides what a cluster looks like.
type LatticeClusterArgs struct {
	Account Account
	// ClusterName is part of the policies of other clusters' applications.
	ClusterName string
	// KubernetesVersion such as "1.35".
	KubernetesVersion string
	// ExtendedSupport keeps the cluster at its version when standard support of
	// that ends, for six times the price. Otherwise EKS upgrades it then.
	ExtendedSupport bool
	Network         NetworkArgs
	Nodes           NodesArgs
	// PublicAccessCIDRs may reach the cluster's API from outside the VPC.
	PublicAccessCIDRs []string
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
	// Kubeconfig runs `aws eks get-token` with the caller's own credentials. It
	// is a secret all the same, because users may keep keys in theirs.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`

	name       string
	args       *LatticeClusterArgs
	kubernetes *kubernetes.Provider

	// What later parts wait for, and are destroyed before.
	network     network
	plane       controlPlane
	reachable   []pulumi.Resource // the cluster's API and its nodes
	crds        []pulumi.Resource
	association pulumi.Resource // of the VPC with the service network
	controllers controllers
	injection   pulumi.Resource
	gateway     pulumi.Resource
}

// NewLatticeCluster registers a LatticeCluster. It needs an aws and an eks provider.
func NewLatticeCluster(ctx *pulumi.Context, name string, args *LatticeClusterArgs, opts ...pulumi.ResourceOption) (*LatticeCluster, error) {
	if args == nil {
		args = &LatticeClusterArgs{}
	}
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

// Check returns everything that is wrong with the plain arguments.
func (a *LatticeClusterArgs) Check() problem.List {
	var found problem.List
	checkClusterName(&found, "clusterName", a.ClusterName)
	checkKubernetesVersion(&found, "kubernetesVersion", a.KubernetesVersion)
	a.Network.check(&found)
	a.Nodes.check(&found)
	for i, cidr := range a.PublicAccessCIDRs {
		checkPublicCIDR(&found, fmt.Sprintf("publicAccessCidrs[%d]", i), cidr)
	}
	if len(a.PublicAccessCIDRs) == 0 {
		found.Missing("publicAccessCidrs", "is empty: nobody could reach the cluster's API to finish the deployment; give 0.0.0.0/0 or your own network")
	}
	for i, kind := range a.LogTypes {
		if !slices.Contains(clusterLogTypes, kind) {
			found.Add(fmt.Sprintf("clusterLogTypes[%d]", i), kind, "is not a log of the control plane; give some of %v", clusterLogTypes)
		}
	}
	if len(a.LogTypes) > 0 && !validRetention(a.LogRetentionDays) {
		found.Add("clusterLogRetentionDays", a.LogRetentionDays, "is not a period that CloudWatch Logs knows; give one of %v", retentionDays)
	}
	checkEach(&found, "adminPrincipalArns", a.AdminPrincipalARNs, principalARN, "is not the ARN of an IAM role or user")
	a.checkAppNames(&found)
	a.Sources.check(&found)
	checkImage(&found, "envoyImage", a.Proxy.EnvoyImage)
	checkImage(&found, "iptablesImage", a.Proxy.IptablesImage)
	return found
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
		c.newNetwork,
		c.newControlPlane,
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
		"clusterName": c.ClusterName,
		"clusterArn":  c.ClusterARN,
		"vpcId":       c.VPCID,
		"kubeconfig":  c.Kubeconfig,
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
