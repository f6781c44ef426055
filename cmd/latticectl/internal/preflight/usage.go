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

// pager is a paginator of the SDK.
type pager[Page, Option any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Option)) (Page, error)
}

// all calls each with every page.
func all[Page, Option any](ctx context.Context, action string, pages pager[Page, Option], each func(Page)) error {
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return calling(action, err)
		}
		each(page)
	}
	return nil
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
	err = all(ctx, "ec2:DescribeVpcs", ec2.NewDescribeVpcsPaginator(a.ec2, &ec2.DescribeVpcsInput{}), func(p *ec2.DescribeVpcsOutput) {
		for _, v := range p.Vpcs {
			u.add(a.foreign(v.Tags))
		}
	})
	return u, err
}

func (a *account) internetGateways(ctx context.Context) (u usage, err error) {
	u.needed = a.count["aws:ec2/internetGateway:InternetGateway"]
	pages := ec2.NewDescribeInternetGatewaysPaginator(a.ec2, &ec2.DescribeInternetGatewaysInput{})
	err = all(ctx, "ec2:DescribeInternetGateways", pages, func(p *ec2.DescribeInternetGatewaysOutput) {
		for _, g := range p.InternetGateways {
			u.add(a.foreign(g.Tags))
		}
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
	subnets := ec2.NewDescribeSubnetsPaginator(a.ec2, &ec2.DescribeSubnetsInput{})
	if err := all(ctx, "ec2:DescribeSubnets", subnets, func(p *ec2.DescribeSubnetsOutput) {
		for _, s := range p.Subnets {
			zoneOf[aws.ToString(s.SubnetId)] = aws.ToString(s.AvailabilityZone)
		}
	}); err != nil {
		return most, err
	}
	used := map[string]int{}
	// A gateway counts while it is pending, available or being deleted.
	// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
	gateways := ec2.NewDescribeNatGatewaysPaginator(a.ec2, &ec2.DescribeNatGatewaysInput{
		Filter: []ec2types.Filter{{Name: aws.String("state"), Values: []string{"pending", "available", "deleting"}}},
	})
	if err := all(ctx, "ec2:DescribeNatGateways", gateways, func(p *ec2.DescribeNatGatewaysOutput) {
		for _, g := range p.NatGateways {
			if a.foreign(g.Tags) {
				used[zoneOf[aws.ToString(g.SubnetId)]]++
			}
		}
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
	err = all(ctx, "eks:ListClusters", eks.NewListClustersPaginator(a.eks, &eks.ListClustersInput{}), func(p *eks.ListClustersOutput) {
		for _, cluster := range p.Clusters {
			u.add(!a.gives(clusterKind, cluster))
		}
	})
	return u, err
}

func (a *account) serviceNetworks(ctx context.Context) (u usage, err error) {
	u.needed = a.count["aws:vpclattice/serviceNetwork:ServiceNetwork"]
	pages := vpclattice.NewListServiceNetworksPaginator(a.lattice, &vpclattice.ListServiceNetworksInput{})
	err = all(ctx, "vpc-lattice:ListServiceNetworks", pages, func(p *vpclattice.ListServiceNetworksOutput) {
		for _, n := range p.Items {
			u.add(!a.gives(networkKind, aws.ToString(n.Name)))
		}
	})
	return u, err
}

// routes counts what becomes a service each.
func (a *account) routes() int {
	return a.count["kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"] + a.count["kubernetes:gateway.networking.k8s.io/v1:GRPCRoute"]
}

func (a *account) services(ctx context.Context) (u usage, err error) {
	u.needed = a.routes()
	pages := vpclattice.NewListServicesPaginator(a.lattice, &vpclattice.ListServicesInput{})
	err = all(ctx, "vpc-lattice:ListServices", pages, func(p *vpclattice.ListServicesOutput) { u.used += len(p.Items) })
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
	pages := acmpca.NewListCertificateAuthoritiesPaginator(a.pca, &acmpca.ListCertificateAuthoritiesInput{})
	err = all(ctx, "acm-pca:ListCertificateAuthorities", pages, func(p *acmpca.ListCertificateAuthoritiesOutput) {
		u.used += len(p.CertificateAuthorities)
	})
	return u, err
}
