package components

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
)

// NetworkArgs configures a cluster's VPC.
type NetworkArgs struct {
	// VPCCIDR may be the same in every cluster: VPC Lattice needs no routes
	// between them.
	VPCCIDR string `setting:"vpcCidr"`
	// AvailabilityZones is the number of zones with subnets, 2 or 3. Zones that
	// VPC Lattice or EKS does not support do not count.
	AvailabilityZones int `setting:"availabilityZones"`
	// NATGatewayPerZone keeps the other zones online when one fails. Otherwise one
	// NAT gateway serves all zones, at a third of the price.
	NATGatewayPerZone bool `setting:"natGatewayPerZone"`
	// FlowLogs go to CloudWatch Logs.
	FlowLogs bool `setting:"flowLogs"`
	// FlowLogRetentionDays is the retention of the flow logs.
	FlowLogRetentionDays int `setting:"flowLogRetentionDays"`
}

// network is a VPC whose private subnets reach the Internet through NAT.
type network struct {
	vpcID pulumi.StringOutput
	// The bare subnets. A control plane does not need their route to the Internet,
	// and does not wait for the NAT gateways.
	publicIDs, privateIDs pulumi.StringArray
	// The private subnets, by the outputs of their route table associations:
	// resources that use these ids are created after the routes and deleted before.
	onlineIDs pulumi.StringArray
	// The route tables, by the names of their subnets.
	tables map[string]pulumi.StringOutput
}

func (c *LatticeCluster) newNetwork(ctx *pulumi.Context) error {
	args := c.args.Network
	zones, err := c.zoneNames(ctx, args.AvailabilityZones)
	if err != nil {
		return err
	}
	private, public, err := subnetRanges(args.VPCCIDR, args.AvailabilityZones)
	if err != nil {
		return err
	}
	vpc, err := ec2.NewVpc(ctx, c.name+"-vpc", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(args.VPCCIDR),
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true), // private zones need both attributes
		Tags:               nameTag(c.args.ClusterName),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating VPC: %w", err)
	}
	if err := closeDefaultGroup(ctx, c, c.name+"-vpc", vpc, c.args.ClusterName); err != nil {
		return err
	}
	internet, err := ec2.NewInternetGateway(ctx, c.name+"-internet", &ec2.InternetGatewayArgs{
		VpcId: vpc.ID(),
		Tags:  nameTag(c.args.ClusterName),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating internet gateway: %w", err)
	}
	c.network.tables = map[string]pulumi.StringOutput{}
	c.network.vpcID, c.VPCID = vpc.ID().ToStringOutput(), vpc.ID().ToStringOutput()

	var nats []*ec2.NatGateway
	for i, zone := range zones {
		id, online, err := c.newSubnet(ctx, subnetArgs{
			access: "public", index: i, zone: zone, cidr: public[i], role: "elb",
			route: &ec2.RouteArgs{GatewayId: internet.ID()},
		})
		if err != nil {
			return err
		}
		c.network.publicIDs = append(c.network.publicIDs, id)
		if i == 0 || args.NATGatewayPerZone {
			nat, err := c.newNAT(ctx, i, online, internet)
			if err != nil {
				return err
			}
			nats = append(nats, nat)
		}
	}
	for i, zone := range zones {
		id, online, err := c.newSubnet(ctx, subnetArgs{
			access: "private", index: i, zone: zone, cidr: private[i], role: "internal-elb",
			route: &ec2.RouteArgs{NatGatewayId: nats[i%len(nats)].ID()},
		})
		if err != nil {
			return err
		}
		c.network.privateIDs = append(c.network.privateIDs, id)
		c.network.onlineIDs = append(c.network.onlineIDs, online)
	}
	if err := c.newS3Endpoint(ctx); err != nil {
		return err
	}
	return c.newFlowLogs(ctx)
}

// newS3Endpoint routes downloads from S3, such as the layers of images in ECR, around
// the NAT gateways, which charge for each byte. The endpoint is free.
// https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
func (c *LatticeCluster) newS3Endpoint(ctx *pulumi.Context) error {
	var private pulumi.StringArray
	for i := range c.network.privateIDs {
		private = append(private, c.network.tables[fmt.Sprintf("private-%d", i)])
	}
	_, err := ec2.NewVpcEndpoint(ctx, c.name+"-s3", &ec2.VpcEndpointArgs{
		VpcId:         c.network.vpcID,
		ServiceName:   pulumi.String("com.amazonaws." + c.args.Environment.Account.Region + ".s3"),
		RouteTableIds: private,
		Tags:          nameTag(c.args.ClusterName + "-s3"),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating gateway endpoint for S3: %w", err)
	}
	return nil
}

func (c *LatticeCluster) zoneNames(ctx *pulumi.Context, count int) ([]string, error) {
	available := "available"
	zones, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
		State:          &available,
		ExcludeZoneIds: names.UnsupportedZones,
		Filters: []aws.GetAvailabilityZonesFilter{
			{Name: "opt-in-status", Values: []string{"opt-in-not-required"}}, // leaves out local zones
		},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("looking up availability zones: %w", err)
	}
	if len(zones.Names) < count {
		remedy := fmt.Sprintf("give %d", len(zones.Names))
		if len(zones.Names) < 2 {
			remedy = "EKS needs two, so choose another Region"
		}
		var found problem.List
		found.Add("Network.AvailabilityZones", count, "is too much: %s has %d availability zones that both EKS and VPC Lattice support; %s",
			c.args.Environment.Account.Region, len(zones.Names), remedy)
		return nil, found.Err(fmt.Sprintf("lattice cluster %q", c.name))
	}
	return zones.Names[:count], nil
}

type subnetArgs struct {
	access     string // public or private
	index      int
	zone, cidr string
	role       string // of the load balancers that Kubernetes may create there
	route      *ec2.RouteArgs
}

// newSubnet creates a subnet with a route table of its own. It returns the
// subnet's id twice: id is known once the subnet exists, online once its route
// does.
func (c *LatticeCluster) newSubnet(ctx *pulumi.Context, args subnetArgs) (id, online pulumi.StringOutput, err error) {
	suffix := fmt.Sprintf("%s-%d", args.access, args.index)
	name := c.name + "-" + suffix
	fail := func(err error) (pulumi.StringOutput, pulumi.StringOutput, error) {
		return pulumi.StringOutput{}, pulumi.StringOutput{}, fmt.Errorf("creating %s subnet %d: %w", args.access, args.index, err)
	}
	tags := nameTag(c.args.ClusterName + "-" + suffix)
	tags["kubernetes.io/role/"+args.role] = pulumi.String("1")
	subnet, err := ec2.NewSubnet(ctx, name, &ec2.SubnetArgs{
		VpcId:            c.network.vpcID,
		AvailabilityZone: pulumi.String(args.zone),
		CidrBlock:        pulumi.String(args.cidr),
		// NAT gateways and load balancers have their own public addresses. An
		// instance that somebody starts in a public subnet does not get one.
		MapPublicIpOnLaunch: pulumi.Bool(false),
		Tags:                tags,
	}, pulumi.Parent(c),
		// Each up looks up the list of zones. A zone that AWS adds or disables would
		// move the others, and a subnet cannot move.
		pulumi.IgnoreChanges([]string{"availabilityZone"}))
	if err != nil {
		return fail(err)
	}
	table, err := ec2.NewRouteTable(ctx, name, &ec2.RouteTableArgs{
		VpcId: c.network.vpcID,
		Tags:  nameTag(c.args.ClusterName + "-" + suffix),
	}, pulumi.Parent(c))
	if err != nil {
		return fail(err)
	}
	c.network.tables[suffix] = table.ID().ToStringOutput()
	args.route.RouteTableId = table.ID()
	args.route.DestinationCidrBlock = pulumi.String("0.0.0.0/0")
	route, err := ec2.NewRoute(ctx, name, args.route, pulumi.Parent(c))
	if err != nil {
		return fail(err)
	}
	association, err := ec2.NewRouteTableAssociation(ctx, name, &ec2.RouteTableAssociationArgs{
		SubnetId:     subnet.ID(),
		RouteTableId: table.ID(),
	}, pulumi.Parent(c),
		// The id from the association stands for a subnet that is online.
		pulumi.DependsOn([]pulumi.Resource{route}))
	if err != nil {
		return fail(err)
	}
	return subnet.ID().ToStringOutput(), association.SubnetId.Elem(), nil
}

func (c *LatticeCluster) newNAT(
	ctx *pulumi.Context, index int, subnetID pulumi.StringInput, internet *ec2.InternetGateway,
) (*ec2.NatGateway, error) {
	name := fmt.Sprintf("%s-nat-%d", c.name, index)
	address, err := ec2.NewEip(ctx, name, &ec2.EipArgs{
		Domain: pulumi.String("vpc"),
		Tags:   nameTag(fmt.Sprintf("%s-nat-%d", c.args.ClusterName, index)),
	}, pulumi.Parent(c),
		// AWS does not detach the internet gateway of a VPC with public addresses.
		pulumi.DependsOn([]pulumi.Resource{internet}))
	if err != nil {
		return nil, fmt.Errorf("creating address of NAT gateway %d: %w", index, err)
	}
	nat, err := ec2.NewNatGateway(ctx, name, &ec2.NatGatewayArgs{
		AllocationId: address.AllocationId,
		SubnetId:     subnetID,
		Tags:         nameTag(fmt.Sprintf("%s-nat-%d", c.args.ClusterName, index)),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating NAT gateway %d: %w", index, err)
	}
	return nat, nil
}

// subnetRanges divides a VPC's range: sixteenths from the start for the private
// subnets, which contain the pods, and 256ths after the third sixteenth for the
// public ones.
func subnetRanges(cidr string, count int) (private, public []string, err error) {
	vpc, err := netip.ParsePrefix(cidr)
	if err != nil {
		return nil, nil, fmt.Errorf("dividing %s into subnets: %w", cidr, err)
	}
	for i := range count {
		private = append(private, subrange(vpc, 4, i).String())
		public = append(public, subrange(vpc, 8, 48+i).String())
	}
	return private, public, nil
}

// subrange returns the n-th subnet of an IPv4 network whose prefix is longer by
// some bits.
func subrange(network netip.Prefix, bits, n int) netip.Prefix {
	length := network.Bits() + bits
	a := network.Addr().As4()
	first := binary.BigEndian.Uint32(a[:]) + uint32(n)<<(32-length)
	binary.BigEndian.PutUint32(a[:], first)
	return netip.PrefixFrom(netip.AddrFrom4(a), length)
}
