package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newFlowLogs writes the flow logs of the VPC to a log group, if they are wanted.
func (c *LatticeCluster) newFlowLogs(ctx *pulumi.Context) error {
	if !c.args.Network.FlowLogs {
		return nil
	}
	name := c.name + "-flow-logs"
	logs, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/vpc-flow-logs/" + c.args.ClusterName),
		RetentionInDays: pulumi.Int(c.args.Network.FlowLogRetentionDays),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating log group of the flow logs: %w", err)
	}
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Description:      pulumi.String("Flow logs of the VPC of EKS cluster " + c.args.ClusterName),
		AssumeRolePolicy: pulumi.String(flowLogsTrust(c.args.Environment.Account).JSON()),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating role of the flow logs: %w", err)
	}
	policy, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: logs.Arn.ApplyT(func(arn string) string { return flowLogsPolicy(arn).JSON() }).(pulumi.StringOutput),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating policy of the flow logs: %w", err)
	}
	_, err = ec2.NewFlowLog(ctx, name, &ec2.FlowLogArgs{
		VpcId:          c.network.vpcID,
		TrafficType:    pulumi.String("ALL"),
		IamRoleArn:     role.Arn,
		LogDestination: logs.Arn,
		Tags:           nameTag(c.args.ClusterName),
	}, pulumi.Parent(c),
		// The first and the last records need these permissions.
		pulumi.DependsOn([]pulumi.Resource{policy}))
	if err != nil {
		return fmt.Errorf("creating flow log of the VPC: %w", err)
	}
	return nil
}

// flowLogsTrust lets only the flow logs of its own account and Region assume a role.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
func flowLogsTrust(account Account) PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{Service: "vpc-flow-logs.amazonaws.com"},
		Action:    Values{"sts:AssumeRole"},
		Condition: PolicyCondition{
			"StringEquals": {"aws:SourceAccount": {account.ID}},
			"ArnLike": {
				"aws:SourceArn": {fmt.Sprintf("arn:%s:ec2:%s:%s:vpc-flow-log/*", account.Partition, account.Region, account.ID)},
			},
		},
	})
}

// flowLogsPolicy lets flow logs write to a log group. It does not let them create
// the group: after a destroy, the group would come back and keep records forever.
func flowLogsPolicy(groupARN string) PolicyDocument {
	return allow(PolicyStatement{
		Action:   Values{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"},
		Resource: Values{groupARN + ":*"},
	})
}
