package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// controllerIdentity is a controller's identity in Kubernetes and its permissions
// in AWS.
type controllerIdentity struct {
	namespace      string
	serviceAccount string
	policy         pulumi.StringInput
}

// newIdentity gives a controller a role through EKS Pod Identity and returns the
// association. The association must exist before the controller's pods, because
// pods get credentials when they are created. It must also outlive them, because
// a controller needs AWS to finish its deletions.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
func (c *LatticeCluster) newIdentity(ctx *pulumi.Context, suffix string, id controllerIdentity) (pulumi.Resource, error) {
	name := c.name + "-" + suffix
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Description:      pulumi.Sprintf("%s in EKS cluster %s", suffix, c.args.ClusterName),
		AssumeRolePolicy: pulumi.String(controllerTrust(c.args.Environment.Account, c.args.ClusterName, id.namespace, id.serviceAccount).JSON()),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating role of %s: %w", suffix, err)
	}
	policy, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: id.policy,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating policy of %s: %w", suffix, err)
	}
	association, err := eks.NewPodIdentityAssociation(ctx, name, &eks.PodIdentityAssociationArgs{
		ClusterName:    c.plane.name,
		Namespace:      pulumi.String(id.namespace),
		ServiceAccount: pulumi.String(id.serviceAccount),
		RoleArn:        role.Arn,
	}, pulumi.Parent(c),
		// The role has its permissions before the association exists, and keeps them
		// until the association is deleted.
		pulumi.DependsOn([]pulumi.Resource{policy}))
	if err != nil {
		return nil, fmt.Errorf("associating role of %s: %w", suffix, err)
	}
	return association, nil
}
