package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newAdmins lets further principals administer the cluster. The creator of a
// cluster administers it anyway.
func (c *LatticeCluster) newAdmins(ctx *pulumi.Context) error {
	for _, arn := range c.args.AdminPrincipalARNs {
		name := c.name + "-admin-" + principalName(arn)
		entry, err := eks.NewAccessEntry(ctx, name, &eks.AccessEntryArgs{
			ClusterName:  c.plane.name,
			PrincipalArn: pulumi.String(arn),
		}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("admitting %s: %w", arn, err)
		}
		policy, err := eks.NewAccessPolicyAssociation(ctx, name, &eks.AccessPolicyAssociationArgs{
			ClusterName:  c.plane.name,
			PrincipalArn: entry.PrincipalArn,
			PolicyArn:    pulumi.Sprintf("arn:%s:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", c.args.Environment.Account.Partition),
			AccessScope:  eks.AccessPolicyAssociationAccessScopeArgs{Type: pulumi.String("cluster")},
		}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("granting administration to %s: %w", arn, err)
		}
		c.reachable = append(c.reachable, policy)
	}
	return nil
}

// principalName returns the part of an ARN that identifies the principal: the
// account and the path.
func principalName(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return parts[4] + "/" + parts[5]
}

// newKubernetesProvider creates the provider for in-cluster objects, all of which
// are deleted before access and nodes: an object with a finalizer needs its
// controller, and the controller a node.
func (c *LatticeCluster) newKubernetesProvider(ctx *pulumi.Context) error {
	provider, err := kubernetes.NewProvider(ctx, c.name+"-kubernetes", &kubernetes.ProviderArgs{
		Kubeconfig: c.plane.kubeconfig,
		// Identifies the cluster when its address or certificate changes. Otherwise
		// Pulumi would regard it as another cluster and replace every object.
		ClusterIdentifier: c.plane.arn,
		// A new CA updates the ConfigMap that pods have mounted, instead of replacing it.
		EnableConfigMapMutable: pulumi.Bool(true),
	}, pulumi.Parent(c), pulumi.DependsOn(c.reachable))
	if err != nil {
		return fmt.Errorf("creating Kubernetes provider: %w", err)
	}
	c.kubernetes = provider
	return nil
}
