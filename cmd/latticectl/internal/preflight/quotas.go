package preflight

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	sqtypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
)

// quota is one that counts something that the stacks create.
type quota struct {
	service, code, name string
	measure             func(a *account, ctx context.Context) (usage, error)
}

// usage is what counts against a quota: what others have, and what the stacks
// need in all.
type usage struct {
	used, needed int
	where        string // of a quota that holds for each of several places
}

// quotaTable has the codes that AWS's pages link to:
//
//	https://docs.aws.amazon.com/general/latest/gr/vpc-service.html
//	https://docs.aws.amazon.com/general/latest/gr/ec2-service.html
//	https://docs.aws.amazon.com/general/latest/gr/eks.html
//	https://docs.aws.amazon.com/general/latest/gr/vpc-lattice-service.html
//	https://docs.aws.amazon.com/general/latest/gr/pca.html
//	https://docs.aws.amazon.com/general/latest/gr/r53.html
var quotaTable = []quota{
	{"vpc", "L-F678F1CE", "VPCs per Region", (*account).vpcs},
	{"vpc", "L-A4707A72", "Internet gateways per Region", (*account).internetGateways},
	{"vpc", "L-FE5A380F", "NAT gateways per Availability Zone", (*account).natGateways},
	{"ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", (*account).elasticIPs},
	{"ec2", "L-1216C47A", "vCPUs of On-Demand Standard instances", (*account).onDemandCPUs},
	{"ec2", "L-34B43A08", "vCPUs of Standard Spot instances", (*account).spotCPUs},
	{"eks", "L-1194D53C", "EKS clusters", (*account).eksClusters},
	{"vpc-lattice", "L-9CAD07FB", "VPC Lattice service networks per Region", (*account).serviceNetworks},
	{"vpc-lattice", "L-620C821E", "VPC Lattice services per Region", (*account).services},
	{"vpc-lattice", "L-75D4A19E", "services of a service network", (*account).serviceAssociations},
	{"vpc-lattice", "L-EF6E2D62", "VPCs of a service network", (*account).vpcAssociations},
	{"acm-pca", "L-799883CD", "private certificate authorities", (*account).authorities},
}

func (q quota) title() string { return q.name + " (" + q.code + ")" }

func (q quota) check(ctx context.Context, a *account) []Check {
	found, err := q.measure(a, ctx)
	if err != nil {
		return []Check{unknown(quotas, q.title(), err)}
	}
	if found.needed == 0 {
		return nil
	}
	value, err := a.valueOf(ctx, q)
	if err != nil {
		return []Check{unknown(quotas, q.title(), err)}
	}
	return []Check{q.judge(a.region, found, value)}
}

func (q quota) judge(region string, found usage, value int) Check {
	c := Check{Group: quotas, Name: q.title(), Status: OK, Quota: &Quota{q.service, q.code, value, found.used, found.needed}}
	c.Found = fmt.Sprintf("%d, of which others use %d and the stacks need %d", value, found.used, found.needed)
	if found.where != "" {
		c.Found += " in " + found.where
	}
	if sum := found.used + found.needed; sum > value {
		c.Status = Failed
		c.Remedy = fmt.Sprintf("aws service-quotas request-service-quota-increase --region %s --service-code %s "+
			"--quota-code %s --desired-value %d", region, q.service, q.code, sum)
	}
	return c
}

// valueOf is the account's value of a quota, or AWS's default.
func (a *account) valueOf(ctx context.Context, q quota) (int, error) {
	out, err := a.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{
		ServiceCode: aws.String(q.service), QuotaCode: aws.String(q.code),
	})
	if err == nil {
		return int(aws.ToFloat64(out.Quota.Value)), nil
	}
	var missing *sqtypes.NoSuchResourceException
	if !errors.As(err, &missing) {
		return 0, calling("servicequotas:GetServiceQuota", err)
	}
	common, err := a.quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{
		ServiceCode: aws.String(q.service), QuotaCode: aws.String(q.code),
	})
	if err != nil {
		return 0, calling("servicequotas:GetAWSDefaultServiceQuota", err)
	}
	return int(aws.ToFloat64(common.Quota.Value)), nil
}

// checkHostedZones asks Route 53 itself, which knows the quota and what uses it.
// Requests for more go to Service Quotas in us-east-1.
func (a *account) checkHostedZones(ctx context.Context) []Check {
	q := quota{service: "route53", code: "L-4EA4796A", name: "hosted zones"}
	needed := a.count["aws:route53/zone:Zone"]
	if needed == 0 {
		return nil
	}
	out, err := a.route53.GetAccountLimit(ctx, &route53.GetAccountLimitInput{Type: r53types.AccountLimitTypeMaxHostedZonesByOwner})
	if err != nil {
		return []Check{unknown(quotas, q.title(), calling("route53:GetAccountLimit", err))}
	}
	found := usage{used: int(out.Count), needed: needed}
	return []Check{q.judge("us-east-1", found, int(aws.ToInt64(out.Limit.Value)))}
}
