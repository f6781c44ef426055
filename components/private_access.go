package components

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
)

// checkAccess reports arguments with which nobody could reach the cluster's API.
func (a *LatticeClusterArgs) checkAccess(found *problem.List) {
	const private = problem.Path("PrivateAccessCIDRs")
	if len(a.PublicAccessCIDRs) == 0 && len(a.PrivateAccessCIDRs) == 0 {
		found.Missing("PublicAccessCIDRs", "is empty, and so is %s: nobody could reach the cluster's API to finish the deployment; "+
			"give 0.0.0.0/0 or your own network here, or one that is connected to the VPC there", private)
	}
	if a.TransitGatewayID != "" && len(a.PrivateAccessCIDRs) == 0 {
		found.Add("TransitGatewayID", a.TransitGatewayID, "leads nowhere; give the networks behind it in %s", private)
	}
	own, err := netip.ParsePrefix(a.Network.VPCCIDR)
	for i, cidr := range a.PrivateAccessCIDRs {
		if connected, wrong := netip.ParsePrefix(cidr); err == nil && wrong == nil && connected.Overlaps(own) {
			found.Add(fmt.Sprintf("%s[%d]", private, i), cidr,
				"overlaps %s, which is %s: packets to that range never leave the VPC; give the VPC another one",
				problem.Path("Network.VPCCIDR"), problem.Derived(own))
		}
	}
}

// newPrivateAccess admits connected networks to the cluster's API inside the VPC.
// https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html#private-access
func (c *LatticeCluster) newPrivateAccess(ctx *pulumi.Context) error {
	for _, cidr := range c.args.PrivateAccessCIDRs {
		rule, err := vpc.NewSecurityGroupIngressRule(ctx, c.name+"-api-"+cidr, &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: c.plane.securityGroupID, // the control plane carries it too
			Description:     pulumi.String("To the Kubernetes API"),
			IpProtocol:      pulumi.String("tcp"),
			FromPort:        pulumi.Int(443),
			ToPort:          pulumi.Int(443),
			CidrIpv4:        pulumi.String(cidr),
			Tags:            nameTag(c.args.ClusterName + "-api"),
		}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("admitting %s to the cluster's API: %w", cidr, err)
		}
		// The deployment may come from there.
		c.reachable = append(c.reachable, rule)
	}
	return c.attach(ctx)
}

// attach attaches the VPC to a transit gateway, and routes the API's answers to
// the connected networks through it.
func (c *LatticeCluster) attach(ctx *pulumi.Context) error {
	if c.args.TransitGatewayID == "" {
		return nil
	}
	attachment, err := newPlainResource(ctx, "aws:ec2transitgateway/vpcAttachment:VpcAttachment", c.name+"-transit", pulumi.Map{
		"transitGatewayId": pulumi.String(c.args.TransitGatewayID),
		"vpcId":            c.network.vpcID,
		"subnetIds":        c.network.privateIDs,
		"tags":             nameTag(c.args.ClusterName),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("attaching the VPC to %s: %w", c.args.TransitGatewayID, err)
	}
	// The control plane has interfaces in public and private subnets.
	for _, subnet := range slices.Sorted(maps.Keys(c.network.tables)) {
		for _, cidr := range c.args.PrivateAccessCIDRs {
			route, err := ec2.NewRoute(ctx, c.name+"-"+subnet+"-"+cidr, &ec2.RouteArgs{
				RouteTableId:         c.network.tables[subnet],
				DestinationCidrBlock: pulumi.String(cidr),
				TransitGatewayId:     pulumi.String(c.args.TransitGatewayID),
			}, pulumi.Parent(c),
				// If the VPC is not attached, AWS answers that the gateway does not exist.
				pulumi.DependsOn([]pulumi.Resource{attachment}))
			if err != nil {
				return fmt.Errorf("routing %s to %s: %w", cidr, c.args.TransitGatewayID, err)
			}
			c.reachable = append(c.reachable, route)
		}
	}
	return nil
}
