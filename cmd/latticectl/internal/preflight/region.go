package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice"

	"eks-lattice/internal/names"
)

// checkEnabled asks a Region that is always enabled.
func (a *account) checkEnabled(ctx context.Context) []Check {
	c := Check{Group: region, Name: "enabled", Status: OK}
	out, err := a.home.DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
	if err != nil {
		return []Check{unknown(region, c.Name, calling("ec2:DescribeRegions", err))}
	}
	for _, r := range out.Regions {
		if aws.ToString(r.RegionName) != a.region {
			continue
		}
		c.Found = a.region + ": " + aws.ToString(r.OptInStatus)
		if aws.ToString(r.OptInStatus) == "not-opted-in" {
			c.Status, c.Remedy = Failed, "aws account enable-region --region-name "+a.region+
				", and wait until it is enabled; or choose another aws:region"
		}
		return []Check{c}
	}
	c.Status, c.Found, c.Remedy = Failed, a.region+" is not a Region of this account's partition", "choose another aws:region"
	return []Check{c}
}

// checkLattice asks VPC Lattice for anything, to see whether it is there.
func (a *account) checkLattice(ctx context.Context) []Check {
	c := Check{Group: region, Name: "VPC Lattice", Status: OK, Found: "offered in " + a.region}
	_, err := a.lattice.ListServiceNetworks(ctx, &vpclattice.ListServiceNetworksInput{MaxResults: aws.Int32(1)})
	switch {
	case nowhere(err):
		c.Status, c.Found = Failed, "not offered in "+a.region
		c.Remedy = "choose an aws:region of https://docs.aws.amazon.com/general/latest/gr/vpc-lattice-service.html"
	case refused(err):
		c.Found = "offered in " + a.region + "; vpc-lattice:ListServiceNetworks is not allowed"
	case err != nil:
		return []Check{unknown(region, c.Name, calling("vpc-lattice:ListServiceNetworks", err))}
	}
	return []Check{c}
}

// checkPrefixLists looks for the lists that admit VPC Lattice to the pods.
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
func (a *account) checkPrefixLists(ctx context.Context) []Check {
	c := Check{Group: region, Name: "prefix lists of VPC Lattice", Status: OK}
	names := []string{"com.amazonaws." + a.region + ".vpc-lattice", "com.amazonaws." + a.region + ".ipv6.vpc-lattice"}
	out, err := a.ec2.DescribeManagedPrefixLists(ctx, &ec2.DescribeManagedPrefixListsInput{
		Filters: []ec2types.Filter{{Name: aws.String("prefix-list-name"), Values: names}},
	})
	if err != nil {
		return []Check{unknown(region, c.Name, calling("ec2:DescribeManagedPrefixLists", err))}
	}
	var missing []string
	for _, name := range names {
		if !slices.ContainsFunc(out.PrefixLists, func(l ec2types.ManagedPrefixList) bool { return aws.ToString(l.PrefixListName) == name }) {
			missing = append(missing, name)
		}
	}
	if c.Found = strings.Join(names, ", "); len(missing) > 0 {
		c.Status, c.Found = Failed, "missing: "+strings.Join(missing, ", ")
		c.Remedy = "choose an aws:region that offers VPC Lattice with both address families"
	}
	return []Check{c}
}

// pickZones are the zones in which the program would create subnets: the first
// ones by name that it does not exclude.
func (a *account) pickZones(ctx context.Context) (picked []string, all int, err error) {
	out, err := a.ec2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []ec2types.Filter{
		{Name: aws.String("state"), Values: []string{"available"}},
		{Name: aws.String("opt-in-status"), Values: []string{"opt-in-not-required"}},
	}})
	if err != nil {
		return nil, 0, calling("ec2:DescribeAvailabilityZones", err)
	}
	for _, z := range out.AvailabilityZones {
		if !slices.Contains(names.UnsupportedZones, aws.ToString(z.ZoneId)) {
			picked = append(picked, aws.ToString(z.ZoneName))
		}
	}
	slices.Sort(picked)
	return picked[:min(a.zones, len(picked))], len(picked), nil
}

// checkZones checks the zones, and that nodes can start in each of them.
func (a *account) checkZones(ctx context.Context) []Check {
	c := Check{Group: region, Name: "availability zones", Status: OK}
	picked, all, err := a.pickZones(ctx)
	if err != nil {
		return []Check{unknown(region, c.Name, err), unknown(region, "instance types", err)}
	}
	c.Found = strings.Join(picked, ", ")
	if all < a.zones {
		c.Status = Failed
		c.Found = fmt.Sprintf("EKS and VPC Lattice both support %d in %s, and %d are needed", all, a.region, a.zones)
		c.Remedy = fmt.Sprintf("set availabilityZones to %d", all)
		if all < 2 {
			c.Remedy = "choose another aws:region; EKS needs two zones"
		}
	}
	return append([]Check{c}, a.checkOfferings(ctx, picked)...)
}

// checkOfferings checks the instance types of each node group. Its nodes start in
// all zones, with the first of its types that AWS has.
func (a *account) checkOfferings(ctx context.Context, zones []string) (checks []Check) {
	if len(zones) == 0 || len(a.nodes) == 0 {
		return nil
	}
	offered := map[string]bool{}
	in := &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: ec2types.LocationTypeAvailabilityZone,
		Filters: []ec2types.Filter{
			{Name: aws.String("location"), Values: zones},
			{Name: aws.String("instance-type"), Values: a.instanceTypes()},
		},
	}
	err := all(ctx, "ec2:DescribeInstanceTypeOfferings", a.ec2.DescribeInstanceTypeOfferings, in, &in.NextToken,
		func(p *ec2.DescribeInstanceTypeOfferingsOutput) *string {
			for _, o := range p.InstanceTypeOfferings {
				offered[string(o.InstanceType)+" "+aws.ToString(o.Location)] = true
			}
			return p.NextToken
		})
	if err != nil {
		return []Check{unknown(region, "instance types", err)}
	}
	for _, group := range a.nodes {
		c := Check{Group: region, Name: "instance types of " + group.stack, Status: OK, Found: strings.Join(group.types, ", ")}
		var without, gaps []string
		for _, zone := range zones {
			lacks := slices.DeleteFunc(slices.Clone(group.types), func(t string) bool { return offered[t+" "+zone] })
			if len(lacks) == len(group.types) {
				without = append(without, zone)
			}
			for _, t := range lacks {
				gaps = append(gaps, t+" in "+zone)
			}
		}
		const remedy = "set nodeInstanceTypes to types of aws ec2 describe-instance-type-offerings --location-type availability-zone --region "
		switch {
		case len(without) > 0:
			c.Status, c.Remedy = Failed, remedy+a.region
			c.Found = fmt.Sprintf("%s offers none of %s", strings.Join(without, " or "), strings.Join(group.types, ", "))
		case len(gaps) > 0:
			c.Status, c.Remedy = Warning, remedy+a.region
			c.Found = "not offered: " + strings.Join(gaps, ", ")
		}
		checks = append(checks, c)
	}
	return checks
}
