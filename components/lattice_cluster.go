package components

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

const latticeClusterType = "eks-lattice:index:LatticeCluster"

// LatticeClusterArgs configures a cluster.
type LatticeClusterArgs struct {
	Environment EnvironmentRef
	// ClusterName is the name of the EKS cluster, which the policies of other
	// clusters' applications contain. Empty means the name of the component.
	ClusterName string `setting:"clusterName"`
	// AppNames are the applications of this cluster. ExternalDNS may write their
	// names into the zone, and no others.
	AppNames []string
	// KubernetesVersion such as "1.35".
	KubernetesVersion string `setting:"kubernetesVersion"`
	// ExtendedSupport keeps the cluster at its version after standard support
	// ends, at six times the price. Otherwise EKS upgrades it then.
	ExtendedSupport bool `setting:"extendedSupport"`
	// AddonVersions are the versions of EKS add-ons by name. The others get the
	// newest version at each up.
	AddonVersions map[string]string `setting:"addonVersions"`
	Network       NetworkArgs       `setting:",inline"`
	Nodes         NodesArgs         `setting:",inline"`
	// PublicAccessCIDRs may reach the cluster's API over the Internet. An empty
	// list disables the public endpoint; nil means everybody.
	PublicAccessCIDRs []string `setting:"publicAccessCidrs"`
	// PrivateAccessCIDRs are connected to the VPC and may reach the API there.
	PrivateAccessCIDRs []string `setting:"privateAccessCidrs"`
	// TransitGatewayID leads to PrivateAccessCIDRs. Empty means that they are
	// connected in another way.
	TransitGatewayID string `setting:"transitGatewayId"`
	// CustomerManagedKey encrypts the data of the Kubernetes API with a KMS key
	// of the cluster's own. It can be set later, and never unset.
	CustomerManagedKey bool `setting:"customerManagedKey"`
	// ClusterLogTypes are the logs of the control plane that go to CloudWatch Logs.
	ClusterLogTypes []string `setting:"clusterLogTypes"`
	// ClusterLogRetentionDays is the retention of these logs.
	ClusterLogRetentionDays int `setting:"clusterLogRetentionDays"`
	// PermissionsBoundaryARN is the policy that limits the roles. Empty means none.
	PermissionsBoundaryARN string `setting:"permissionsBoundaryArn"`
	// AdminPrincipalARNs are roles and users who administer the cluster, besides
	// its creator.
	AdminPrincipalARNs []string `setting:"adminPrincipalArns"`
	// Tags of the nodes and of the applications' Lattice services. EKS and the
	// Lattice controller create these, so they do not get the default tags of the
	// aws provider.
	Tags    map[string]string
	Sources Sources   `setting:",inline"`
	Proxy   ProxyArgs `setting:",inline"`
}

// LatticeCluster is an EKS cluster in a VPC of its own whose pods call services
// over VPC Lattice and offer their own.
type LatticeCluster struct {
	pulumi.ResourceState

	ClusterName pulumi.StringOutput `pulumi:"clusterName"`
	ClusterARN  pulumi.StringOutput `pulumi:"clusterArn"`
	VPCID       pulumi.StringOutput `pulumi:"vpcId"`
	// InjectionPolicy is the policy that gives pods their proxy. It is known once
	// the policy works.
	InjectionPolicy pulumi.StringOutput `pulumi:"injectionPolicy"`
	// Kubeconfig runs `aws eks get-token` with the caller's own credentials. It
	// is a secret all the same, because the kubeconfigs of users may contain keys.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`

	name       string
	args       *LatticeClusterArgs
	kubernetes *kubernetes.Provider

	versions versions

	// Later parts depend on these: they are created after them and deleted before.
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
func NewLatticeCluster(
	ctx *pulumi.Context, name string, args *LatticeClusterArgs, opts ...pulumi.ResourceOption,
) (*LatticeCluster, error) {
	if args == nil {
		args = &LatticeClusterArgs{}
	}
	args = args.withDefaults(name)
	found := args.problems()
	args.Environment.checkForCluster(&found)
	if err := found.Err(fmt.Sprintf("lattice cluster %q", name)); err != nil {
		return nil, err
	}
	c := &LatticeCluster{name: name, args: args}
	if err := ctx.RegisterComponentResource(latticeClusterType, name, c, bounded(opts, args.PermissionsBoundaryARN)...); err != nil {
		return nil, fmt.Errorf("registering lattice cluster %q: %w", name, err)
	}
	if err := c.provision(ctx); err != nil {
		return nil, err
	}
	return c, c.outputs(ctx)
}

// Kubernetes returns the provider for objects in the cluster.
func (c *LatticeCluster) Kubernetes() pulumi.ProviderResource { return c.kubernetes }

// Ref returns what namespaces and applications need to know of the cluster.
func (c *LatticeCluster) Ref() ClusterRef {
	return ClusterRef{
		Environment:     c.args.Environment,
		Name:            c.args.ClusterName,
		Architecture:    c.args.Nodes.architecture(),
		Sources:         c.args.Sources,
		Proxy:           c.args.Proxy,
		Tags:            c.args.Tags,
		InjectionPolicy: c.InjectionPolicy,
		LatticeRanges:   slices.Clone(c.latticeRanges),
		created:         c.ClusterName,
		beforePods: []pulumi.Resource{
			// A pod that is created earlier runs without the proxy until it is replaced.
			c.injection,
			// A route is deleted before its pods, and what the controllers created for
			// it must be deleted before the controllers: its record in the next loop of
			// ExternalDNS, its target groups when the Lattice controller has collected
			// them twice, which takes a minute. The controllers have the time that the
			// pods take to drain.
			c.controllers.externalDNS,
			c.controllers.lattice,
		},
		// The controller releases a route only while the Gateway and its class exist.
		beforeRoutes: []pulumi.Resource{c.gateway},
	}
}

// Check returns an error that names everything that is wrong with the plain
// arguments. NewLatticeCluster calls it, too.
func (a *LatticeClusterArgs) Check() error {
	return a.withDefaults("").problems().Err("lattice cluster")
}

func (a *LatticeClusterArgs) withDefaults(name string) *LatticeClusterArgs {
	args := *a
	if args.ClusterName == "" {
		args.ClusterName = name
	}
	settings.Cluster.Bind(&args).SetDefaults()
	return &args
}

func (a *LatticeClusterArgs) problems() problem.List {
	found := settings.Cluster.Bind(a).Check()
	a.checkRelease(&found)
	a.Nodes.check(&found)
	a.checkAccess(&found)
	a.checkAppNames(&found)
	a.checkAdmins(&found)
	checkBoundary(&found, a.Environment.Account, a.PermissionsBoundaryARN)
	return found
}

// checkAdmins reports principals of another account. EKS would refuse them only
// after everything else exists. The account may be unknown.
// https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
func (a *LatticeClusterArgs) checkAdmins(found *problem.List) {
	account := a.Environment.Account
	if account == (Account{}) {
		return
	}
	for i, text := range a.AdminPrincipalARNs {
		arn, ok := check.ParseARN(text)
		if ok && (arn.Account != account.ID || arn.Partition != account.Partition) {
			found.Add(fmt.Sprintf("AdminPrincipalARNs[%d]", i), text,
				"is not in the cluster's account, %s in partition %s; give a role of that account, which others may assume",
				account.ID, account.Partition)
		}
	}
}

// provision creates the cluster. Each part depends on those above it, and a
// destroy deletes them in the opposite order.
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
