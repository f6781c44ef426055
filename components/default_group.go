package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// closeDefaultGroup deletes the rules of a VPC's default security group. What
// somebody later creates in the VPC without a group gets this one.
// https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2
func closeDefaultGroup(ctx *pulumi.Context, parent pulumi.Resource, vpcName string, vpc *ec2.Vpc, tagName string) error {
	_, err := ec2.NewDefaultSecurityGroup(ctx, vpcName+"-default", &ec2.DefaultSecurityGroupArgs{
		VpcId: vpc.ID(),
		Tags:  nameTag(tagName + "-default"),
	}, pulumi.Parent(parent))
	if err != nil {
		return fmt.Errorf("deleting the rules of the default security group: %w", err)
	}
	return nil
}
