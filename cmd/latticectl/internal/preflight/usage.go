package preflight

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice"
)

// all makes a call again and again, with the token of the next page. What each
// returns is that of its page.
//
// The SDK's paginators would do the same, but take the client as an interface. Then
// the linker keeps all of its hundreds of methods: 40 MB more for EC2's alone.
func all[In, Out, Option any](
	ctx context.Context, action string, call func(context.Context, *In, ...func(*Option)) (*Out, error),
	in *In, token **string, each func(*Out) *string,
) error {
	for {
		out, err := call(ctx, in)
		if err != nil {
			return calling(action, err)
		}
		if *token = each(out); aws.ToString(*token) == "" {
			return nil
		}
	}
}

// add counts one more that others have.
func (u *usage) add(foreign bool) {
	if foreign {
		u.used++
	}
}

// gives reports whether a stack gives a name. Whatever has it already is that
// stack's, or in its way, but no further one.
func (d *demand) gives(kind, value string) bool {
	return slices.ContainsFunc(d.names, func(n name) bool { return n.kind == kind && n.value == value })
}

// foreign reports whether something is not of these stacks, which then exist already.
func (a *account) foreign(tags []ec2types.Tag) bool {
	found := map[string]string{}
	for _, t := range tags {
		found[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	_, ok := a.ours(found)
	return !ok
}

func (a *account) vpcs(ctx context.Context) (u usage, err error) {
	u.needed = a.count["aws:ec2/vpc:Vpc"]
	in := &ec2.DescribeVpcsInput{}
	err = all(ctx, "ec2:DescribeVpcs", a.ec2.DescribeVpcs, in, &in.NextToken, func(p *ec2.DescribeVpcsOutput) *string {
		for _, v := range p.Vpcs {
			u.add(a.foreign(v.Tags))
		}
		return p.NextToken
	})
	return u, err
}

func (a *account) internetGateways(ctx context.Context) (u usage, err error) {
	u.needed = a.count["aws:ec2/internetGateway:InternetGateway"]
	in := &ec2.DescribeInternetGatewaysInput{}
	err = all(ctx, "ec2:DescribeInternetGateways", a.ec2.DescribeInternetGateways, in, &in.NextToken,
		func(p *ec2.DescribeInternetGatewaysOutput) *string {
			for _, g := range p.InternetGateways {
				u.add(a.foreign(g.Tags))
			}
			return p.NextToken
		})
	return u, err
}

func (a *account) elasticIPs(ctx context.Context) (u usage, err error) {
	u.needed = a.count["aws:ec2/eip:Eip"]
	out, err := a.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return u, calling("ec2:DescribeAddresses", err)
	}
	for _, address := range out.Addresses {
		u.add(a.foreign(address.Tags))
	}
	return u, nil
}

// natGateways are those of the zone in which there would be the most.
func (a *account) natGateways(ctx context.Context) (most usage, err error) {
	zones, _, err := a.pickZones(ctx)
	if err != nil {
		return most, err
	}
	zoneOf := map[string]string{} // by subnet
	subnets := &ec2.DescribeSubnetsInput{}
	if err := all(ctx, "ec2:DescribeSubnets", a.ec2.DescribeSubnets, subnets, &subnets.NextToken,
		func(p *ec2.DescribeSubnetsOutput) *string {
			for _, s := range p.Subnets {
				zoneOf[aws.ToString(s.SubnetId)] = aws.ToString(s.AvailabilityZone)
			}
			return p.NextToken
		}); err != nil {
		return most, err
	}
	used := map[string]int{}
	// A gateway counts while it is pending, available or being deleted.
	// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
	gateways := &ec2.DescribeNatGatewaysInput{
		Filter: []ec2types.Filter{{Name: aws.String("state"), Values: []string{"pending", "available", "deleting"}}},
	}
	if err := all(ctx, "ec2:DescribeNatGateways", a.ec2.DescribeNatGateways, gateways, &gateways.NextToken,
		func(p *ec2.DescribeNatGatewaysOutput) *string {
			for _, g := range p.NatGateways {
				if a.foreign(g.Tags) {
					used[zoneOf[aws.ToString(g.SubnetId)]]++
				}
			}
			return p.NextToken
		}); err != nil {
		return most, err
	}
	for i, zone := range zones {
		u := usage{used: used[zone], needed: a.gateways[i], where: zone}
		if u.needed > 0 && (most.needed == 0 || u.used+u.needed > most.used+most.needed) {
			most = u
		}
	}
	return most, nil
}

func (a *account) eksClusters(ctx context.Context) (u usage, err error) {
	u.needed = len(a.clusters)
	in := &eks.ListClustersInput{}
	err = all(ctx, "eks:ListClusters", a.eks.ListClusters, in, &in.NextToken, func(p *eks.ListClustersOutput) *string {
		for _, cluster := range p.Clusters {
			u.add(!a.gives(clusterKind, cluster))
		}
		return p.NextToken
	})
	return u, err
}

func (a *account) serviceNetworks(ctx context.Context) (u usage, err error) {
	u.needed = a.count["aws:vpclattice/serviceNetwork:ServiceNetwork"]
	in := &vpclattice.ListServiceNetworksInput{}
	err = all(ctx, "vpc-lattice:ListServiceNetworks", a.lattice.ListServiceNetworks, in, &in.NextToken,
		func(p *vpclattice.ListServiceNetworksOutput) *string {
			for _, n := range p.Items {
				u.add(!a.gives(networkKind, aws.ToString(n.Name)))
			}
			return p.NextToken
		})
	return u, err
}

// routes counts what becomes a service each.
func (a *account) routes() int {
	return a.count["kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"] + a.count["kubernetes:gateway.networking.k8s.io/v1:GRPCRoute"]
}

func (a *account) services(ctx context.Context) (u usage, err error) {
	u.needed = a.routes()
	in := &vpclattice.ListServicesInput{}
	err = all(ctx, "vpc-lattice:ListServices", a.lattice.ListServices, in, &in.NextToken, func(p *vpclattice.ListServicesOutput) *string {
		u.used += len(p.Items)
		return p.NextToken
	})
	return u, err
}

// The stacks bring their own service network, which nobody else uses.
func (a *account) serviceAssociations(context.Context) (usage, error) {
	return usage{needed: a.routes()}, nil
}

func (a *account) vpcAssociations(context.Context) (usage, error) {
	return usage{needed: a.count["aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation"]}, nil
}

// authorities counts CAs, only if the stacks have any.
func (a *account) authorities(ctx context.Context) (u usage, err error) {
	if u.needed = a.count["aws:acmpca/certificateAuthority:CertificateAuthority"]; u.needed == 0 {
		return u, nil
	}
	in := &acmpca.ListCertificateAuthoritiesInput{}
	err = all(ctx, "acm-pca:ListCertificateAuthorities", a.pca.ListCertificateAuthorities, in, &in.NextToken,
		func(p *acmpca.ListCertificateAuthoritiesOutput) *string {
			u.used += len(p.CertificateAuthorities)
			return p.NextToken
		})
	return u, err
}
