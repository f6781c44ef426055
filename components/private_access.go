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

// checkAccess reports what keeps everybody from the cluster's API.
func (a *LatticeClusterArgs) checkAccess(found *problem.List) {
	if len(a.PublicAccessCIDRs) == 0 && len(a.PrivateAccessCIDRs) == 0 {
		found.Missing("publicAccessCidrs", "is empty, and so is privateAccessCidrs: nobody could reach the cluster's API to finish the deployment; "+
			"give 0.0.0.0/0 or your own network here, or one that is connected to the VPC there")
	}
	if a.TransitGatewayID != "" && len(a.PrivateAccessCIDRs) == 0 {
		found.Add("transitGatewayId", a.TransitGatewayID, "leads nowhere; give the networks behind it in privateAccessCidrs")
	}
	own, err := netip.ParsePrefix(a.Network.VPCCIDR)
	for i, cidr := range a.PrivateAccessCIDRs {
		if connected, wrong := netip.ParsePrefix(cidr); err == nil && wrong == nil && connected.Overlaps(own) {
			found.Add(fmt.Sprintf("privateAccessCidrs[%d]", i), cidr, "overlaps vpcCidr, which is %s: what is for that range never leaves the VPC; give the VPC another one", problem.Derived(own))
		}
	}
}

// newPrivateAccess makes the way to the cluster's API inside the VPC.
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
		// who deploys may come from there
		c.reachable = append(c.reachable, rule)
	}
	return c.attach(ctx)
}

// attach joins the VPC to a transit gateway, and leads the answers of the API to
// where the questions come from.
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
	// The control plane has its interfaces in subnets of either kind.
	for _, subnet := range slices.Sorted(maps.Keys(c.network.tables)) {
		for _, cidr := range c.args.PrivateAccessCIDRs {
			route, err := ec2.NewRoute(ctx, c.name+"-"+subnet+"-"+cidr, &ec2.RouteArgs{
				RouteTableId:         c.network.tables[subnet],
				DestinationCidrBlock: pulumi.String(cidr),
				TransitGatewayId:     pulumi.String(c.args.TransitGatewayID),
			}, pulumi.Parent(c),
				// For a VPC that is not attached, AWS says that there is no such gateway.
				pulumi.DependsOn([]pulumi.Resource{attachment}))
			if err != nil {
				return fmt.Errorf("leading %s to %s: %w", cidr, c.args.TransitGatewayID, err)
			}
			c.reachable = append(c.reachable, route)
		}
	}
	return nil
}
