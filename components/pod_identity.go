package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// controllerIdentity is whom a controller is in Kubernetes and what it may do
// in AWS.
type controllerIdentity struct {
	namespace      string
	serviceAccount string
	policy         pulumi.StringInput
}

// newIdentity gives a controller a role through EKS Pod Identity and returns
// the association. The association has to be there before the controller's
// pods: credentials are put into a pod when it is created. It has to outlive
// them as well, because a controller needs AWS to finish what it deletes.
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
		// who waits for the association finds the role complete, and the role
		// keeps its rights until the association is gone
		pulumi.DependsOn([]pulumi.Resource{policy}))
	if err != nil {
		return nil, fmt.Errorf("associating role of %s: %w", suffix, err)
	}
	return association, nil
}
