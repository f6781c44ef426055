package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpclattice"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newServiceNetwork creates the service network with its policy. It depends on
// everything else, so a destroy begins with it: while a cluster is associated,
// AWS refuses this first step, and everything that the cluster needs remains.
func (e *Environment) newServiceNetwork(ctx *pulumi.Context, name string) error {
	var logs *cloudwatch.LogGroup
	if e.args.AccessLogs {
		var err error
		if logs, err = e.newLogGroup(ctx, name); err != nil {
			return err
		}
	}
	network, err := vpclattice.NewServiceNetwork(ctx, name+"-service-network", &vpclattice.ServiceNetworkArgs{
		Name:     pulumi.String(e.args.ServiceNetworkName),
		AuthType: pulumi.String("AWS_IAM"),
	}, pulumi.Parent(e), pulumi.DependsOn(e.shared))
	if err != nil {
		return fmt.Errorf("creating service network: %w", err)
	}
	e.ServiceNetworkID, e.ServiceNetworkARN = network.ID().ToStringOutput(), network.Arn

	_, err = vpclattice.NewAuthPolicy(ctx, name+"-service-network-policy", &vpclattice.AuthPolicyArgs{
		ResourceIdentifier: network.Arn,
		Policy:             pulumi.String(serviceNetworkPolicy(e.args.Account).JSON()),
	}, pulumi.Parent(e),
		// AWS deletes the policy together with the network. Without this option,
		// Pulumi would delete it first, and a destroy that AWS then refuses would
		// leave a network that denies every request.
		// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_DeleteServiceNetwork.html
		pulumi.DeletedWith(network))
	if err != nil {
		return fmt.Errorf("creating auth policy of the service network: %w", err)
	}
	if logs == nil {
		return nil
	}
	_, err = vpclattice.NewAccessLogSubscription(ctx, name+"-access-logs", &vpclattice.AccessLogSubscriptionArgs{
		ResourceIdentifier: network.ID(),
		DestinationArn:     logs.Arn,
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("creating access log subscription: %w", err)
	}
	return nil
}

// newLogGroup creates the log group of the access logs.
func (e *Environment) newLogGroup(ctx *pulumi.Context, name string) (*cloudwatch.LogGroup, error) {
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-access-log-group", &cloudwatch.LogGroupArgs{
		// AWS maintains the resource policy of groups with this prefix.
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
		Name:            pulumi.String("/aws/vendedlogs/vpc-lattice/" + e.args.ServiceNetworkName),
		RetentionInDays: pulumi.Int(e.args.AccessLogRetentionDays),
	}, pulumi.Parent(e))
	if err != nil {
		return nil, fmt.Errorf("creating log group of the access logs: %w", err)
	}
	e.shared = append(e.shared, logs)
	return logs, nil
}
