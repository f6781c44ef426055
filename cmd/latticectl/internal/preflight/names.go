package preflight

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice"
)

// The kinds of names.
const (
	roleKind     = "IAM role"
	clusterKind  = "EKS cluster"
	logGroupKind = "log group"
	networkKind  = "service network"
	zoneKind     = "private zone"
)

// owner is what has a name already.
type owner struct {
	tags map[string]string
	// untold is why the tags are not known.
	untold error
}

// lookups find out who has a name: nobody is no owner and no error.
var lookups = map[string]struct {
	find   func(a *account, ctx context.Context, value string) (*owner, error)
	remedy string
}{
	roleKind:     {(*account).roleNamed, "set clientRoleName to another name, or delete the role"},
	clusterKind:  {(*account).clusterNamed, "set clusterName to another name, or delete the cluster"},
	logGroupKind: {(*account).logGroupNamed, "aws logs delete-log-group --log-group-name %s, if a former deployment left it"},
	networkKind:  {(*account).networkNamed, "set serviceNetworkName to another name, or delete the network"},
	zoneKind:     {(*account).zoneNamed, ""},
}

var errFree = errors.New("free")

func (n name) check(ctx context.Context, a *account) []Check {
	lookup := lookups[n.kind]
	c := Check{Group: taken, Name: n.kind + " " + n.value, Status: OK, Found: "free"}
	found, err := lookup.find(a, ctx, n.value)
	switch {
	case errors.Is(err, errFree):
		return []Check{c}
	case err != nil:
		return []Check{unknown(taken, c.Name, err)}
	case found.untold != nil:
		c = unknown(taken, c.Name, found.untold)
		c.Found = "exists; whose it is, " + c.Found
		return []Check{c}
	}
	stack, mine := a.ours(found.tags)
	switch {
	case mine && stack == n.stack:
		c.Found = "exists: it belongs to stack " + stack + " of this project"
	case n.kind == zoneKind:
		// Several private zones may have one name, as long as no VPC has two of them.
		// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
		c.Found = "another zone has this name, which does not matter: " + tagged(found.tags)
	default:
		c.Status, c.Found = Failed, "taken by one "+tagged(found.tags)
		c.Remedy = lookup.remedy
		if strings.Contains(c.Remedy, "%s") {
			c.Remedy = fmt.Sprintf(c.Remedy, n.value)
		}
	}
	return []Check{c}
}

func tagged(tags map[string]string) string {
	if len(tags) == 0 {
		return "without tags"
	}
	var words []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		words = append(words, key+"="+tags[key])
	}
	return "with tags " + strings.Join(words, ", ")
}

func (a *account) roleNamed(ctx context.Context, value string) (*owner, error) {
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(value)})
	var none *iamtypes.NoSuchEntityException
	switch {
	case errors.As(err, &none):
		return nil, errFree
	case err != nil:
		return nil, calling("iam:GetRole", err)
	}
	tags := map[string]string{}
	for _, t := range out.Role.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return &owner{tags: tags}, nil
}

func (a *account) clusterNamed(ctx context.Context, value string) (*owner, error) {
	out, err := a.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String(value)})
	var none *ekstypes.ResourceNotFoundException
	switch {
	case errors.As(err, &none):
		return nil, errFree
	case err != nil:
		return nil, calling("eks:DescribeCluster", err)
	}
	return &owner{tags: out.Cluster.Tags}, nil
}

func (a *account) logGroupNamed(ctx context.Context, value string) (*owner, error) {
	arn := ""
	in := &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(value)}
	err := all(ctx, "logs:DescribeLogGroups", a.logs.DescribeLogGroups, in, &in.NextToken,
		func(p *cloudwatchlogs.DescribeLogGroupsOutput) *string {
			for _, g := range p.LogGroups {
				if aws.ToString(g.LogGroupName) == value {
					arn = aws.ToString(g.LogGroupArn)
				}
			}
			return p.NextToken
		})
	if err != nil {
		return nil, err
	}
	if arn == "" {
		return nil, errFree
	}
	out, err := a.logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(arn)})
	if err != nil {
		return &owner{untold: calling("logs:ListTagsForResource", err)}, nil
	}
	return &owner{tags: out.Tags}, nil
}

func (a *account) networkNamed(ctx context.Context, value string) (*owner, error) {
	arn := ""
	in := &vpclattice.ListServiceNetworksInput{}
	err := all(ctx, "vpc-lattice:ListServiceNetworks", a.lattice.ListServiceNetworks, in, &in.NextToken,
		func(p *vpclattice.ListServiceNetworksOutput) *string {
			for _, n := range p.Items {
				if aws.ToString(n.Name) == value {
					arn = aws.ToString(n.Arn)
				}
			}
			return p.NextToken
		})
	if err != nil {
		return nil, err
	}
	if arn == "" {
		return nil, errFree
	}
	out, err := a.lattice.ListTagsForResource(ctx, &vpclattice.ListTagsForResourceInput{ResourceArn: aws.String(arn)})
	if err != nil {
		return &owner{untold: calling("vpc-lattice:ListTagsForResource", err)}, nil
	}
	return &owner{tags: out.Tags}, nil
}

func (a *account) zoneNamed(ctx context.Context, value string) (*owner, error) {
	out, err := a.route53.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String(value)})
	if err != nil {
		return nil, calling("route53:ListHostedZonesByName", err)
	}
	found := &owner{}
	for _, z := range out.HostedZones {
		private := z.Config != nil && z.Config.PrivateZone
		if !private || strings.TrimSuffix(aws.ToString(z.Name), ".") != value {
			continue
		}
		id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		tags, err := a.route53.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{
			ResourceType: r53types.TagResourceTypeHostedzone, ResourceId: aws.String(id),
		})
		if err != nil {
			return &owner{untold: calling("route53:ListTagsForResource", err)}, nil
		}
		found.tags = map[string]string{}
		for _, t := range tags.ResourceTagSet.Tags {
			found.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		if _, mine := a.ours(found.tags); mine {
			break
		}
	}
	if found.tags == nil {
		return nil, errFree
	}
	return found, nil
}
