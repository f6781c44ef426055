package components

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpclattice"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newAssociations connects the VPC with the service network, the private zone
// and, the other way, VPC Lattice with the nodes.
func (c *LatticeCluster) newAssociations(ctx *pulumi.Context) error {
	// Only this program associates the VPC. The controller never deletes an
	// association that it creates, and the service network could not be deleted.
	// The association has no security groups on purpose: they can be added later,
	// but an association never loses its last one.
	// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetworkVpcAssociation.html
	args := &vpclattice.ServiceNetworkVpcAssociationArgs{
		ServiceNetworkIdentifier: c.args.Environment.ServiceNetworkID,
		VpcIdentifier:            c.network.vpcID,
		Tags:                     nameTag(c.args.ClusterName),
	}
	name := c.name + "-service-network"
	association, err := vpclattice.NewServiceNetworkVpcAssociation(ctx, name, args, pulumi.Parent(c), timeouts(associationTimeout),
		// A VPC has at most one service network: AWS refuses a new association while
		// the old one exists.
		pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return fmt.Errorf("associating service network: %w", err)
	}
	c.association = association

	_, err = route53.NewZoneAssociation(ctx, c.name+"-zone", &route53.ZoneAssociationArgs{
		ZoneId:    c.args.Environment.ZoneID,
		VpcId:     c.network.vpcID,
		VpcRegion: pulumi.String(c.args.Environment.Account.Region),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("associating private zone: %w", err)
	}
	return c.admitLattice(ctx)
}

// admitLattice lets VPC Lattice reach the pods. Its addresses are not in the range
// of any VPC, but in prefix lists.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
func (c *LatticeCluster) admitLattice(ctx *pulumi.Context) error {
	region := c.args.Environment.Account.Region
	for _, list := range []struct{ suffix, name string }{
		{"lattice-ipv4", "com.amazonaws." + region + ".vpc-lattice"},
		{"lattice-ipv6", "com.amazonaws." + region + ".ipv6.vpc-lattice"},
	} {
		prefixes, err := ec2.LookupManagedPrefixList(ctx, &ec2.LookupManagedPrefixListArgs{Name: &list.name}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("looking up prefix list %s: %w", list.name, err)
		}
		for _, entry := range prefixes.Entries {
			c.latticeRanges = append(c.latticeRanges, entry.Cidr)
		}
		_, err = vpc.NewSecurityGroupIngressRule(ctx, c.name+"-"+list.suffix, &vpc.SecurityGroupIngressRuleArgs{
			// The only group that managed nodes have.
			// https://github.com/pulumi/pulumi-eks/issues/1275
			SecurityGroupId: c.plane.securityGroupID,
			Description:     pulumi.String("VPC Lattice to pods and health checks"),
			IpProtocol:      pulumi.String("-1"),
			PrefixListId:    pulumi.String(prefixes.Id),
			Tags:            nameTag(c.args.ClusterName + "-" + list.suffix),
		}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("admitting prefix list %s: %w", list.name, err)
		}
	}
	slices.Sort(c.latticeRanges) // AWS returns them in any order
	return nil
}
