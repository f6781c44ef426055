package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (a *account) onDemandCPUs(ctx context.Context) (usage, error) { return a.cpus(ctx, false) }

func (a *account) spotCPUs(ctx context.Context) (usage, error) { return a.cpus(ctx, true) }

// standard reports whether an instance type counts against the quotas of the
// families A, C, D, H, I, M, R, T and Z: "m5.large", "im4gn.large".
// https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
func standard(instanceType string) bool {
	family := instanceType[:strings.IndexFunc(instanceType+".", func(r rune) bool { return r < 'a' || r > 'z' })]
	return slices.Contains([]string{"a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"}, family)
}

// cpus adds up the vCPUs of the nodes at their desired number, and of the
// instances that run. On-demand and spot capacity have a quota each.
func (a *account) cpus(ctx context.Context, spot bool) (u usage, err error) {
	mine := slices.DeleteFunc(slices.Clone(a.nodes), func(n nodes) bool {
		return n.spot != spot || len(n.types) == 0 || !standard(n.types[0])
	})
	if len(mine) == 0 {
		return u, nil
	}
	sizes, err := a.vcpusOf(ctx)
	if err != nil {
		return u, err
	}
	for _, n := range mine {
		most := 0
		for _, t := range n.types {
			most = max(most, sizes[t])
		}
		u.needed += n.size * most
	}
	in := &ec2.DescribeInstancesInput{
		Filters: []ec2types.Filter{{Name: aws.String("instance-state-name"), Values: []string{"pending", "running"}}},
	}
	err = all(ctx, "ec2:DescribeInstances", a.ec2.DescribeInstances, in, &in.NextToken, func(p *ec2.DescribeInstancesOutput) *string {
		for _, r := range p.Reservations {
			for _, i := range r.Instances {
				sameMarket := spot == (i.InstanceLifecycle == ec2types.InstanceLifecycleTypeSpot)
				if options := i.CpuOptions; options != nil && sameMarket && standard(string(i.InstanceType)) && a.foreign(i.Tags) {
					u.used += int(aws.ToInt32(options.CoreCount) * aws.ToInt32(options.ThreadsPerCore))
				}
			}
		}
		return p.NextToken
	})
	return u, err
}

// vcpusOf are the vCPUs of the nodes' instance types. A filter, unlike a list of
// types, does not fail for a type that the Region lacks.
func (a *account) vcpusOf(ctx context.Context) (map[string]int, error) {
	sizes := map[string]int{}
	in := &ec2.DescribeInstanceTypesInput{
		Filters: []ec2types.Filter{{Name: aws.String("instance-type"), Values: a.instanceTypes()}},
	}
	err := all(ctx, "ec2:DescribeInstanceTypes", a.ec2.DescribeInstanceTypes, in, &in.NextToken,
		func(p *ec2.DescribeInstanceTypesOutput) *string {
			for _, t := range p.InstanceTypes {
				if t.VCpuInfo != nil {
					sizes[string(t.InstanceType)] = int(aws.ToInt32(t.VCpuInfo.DefaultVCpus))
				}
			}
			return p.NextToken
		})
	return sizes, err
}
