package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newClientRole creates a role with which applications call services, and
// returns its ARN. The name in IAM is part of the resource's name: a new name is
// a new resource, and the old role is not replaced while applications still call
// with it.
func (e *Environment) newClientRole(ctx *pulumi.Context, name, roleName string) (pulumi.StringOutput, error) {
	resource := name + "-client-" + roleName
	role, err := iam.NewRole(ctx, resource, &iam.RoleArgs{
		Name:             pulumi.String(roleName),
		Description:      pulumi.String("Calls services of VPC Lattice from pods of any cluster"),
		AssumeRolePolicy: pulumi.String(clientTrust(e.args.Account).JSON()),
	}, pulumi.Parent(e),
		// Two roles cannot have the same name, whatever the reason of the replacement.
		pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating client role %s: %w", roleName, err)
	}
	policy, err := iam.NewRolePolicy(ctx, resource, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: pulumi.String(clientPolicy(e.args.Account).JSON()),
	}, pulumi.Parent(e))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating policy of client role %s: %w", roleName, err)
	}
	e.shared = append(e.shared, policy)
	return role.Arn, nil
}
