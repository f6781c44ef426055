package preflight

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice"
	"github.com/aws/smithy-go"
)

// account is the one that the stacks would be deployed to, in their Region. Nothing
// here changes it.
type account struct {
	*demand
	id, arn string // of the account and of whoever deploys
	// home answers whether the Region is enabled or not.
	home    *ec2.Client
	ec2     *ec2.Client
	eks     *eks.Client
	iam     *iam.Client
	lattice *vpclattice.Client
	logs    *cloudwatchlogs.Client
	pca     *acmpca.Client
	quotas  *servicequotas.Client
	route53 *route53.Client
}

func connect(cfg aws.Config, d *demand, who identity) *account {
	home := cfg.Copy()
	home.Region = homeOf(d.region)
	cfg = cfg.Copy()
	cfg.Region = d.region
	return &account{
		demand: d, id: who.account, arn: who.arn,
		home: ec2.NewFromConfig(home), ec2: ec2.NewFromConfig(cfg), eks: eks.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg),
		lattice: vpclattice.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg), pca: acmpca.NewFromConfig(cfg),
		quotas: servicequotas.NewFromConfig(cfg), route53: route53.NewFromConfig(cfg),
	}
}

// homeOf is a Region of the same partition that is always enabled.
// https://docs.aws.amazon.com/general/latest/gr/rande-manage.html
func homeOf(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "us-gov-west-1"
	case strings.HasPrefix(region, "cn-"):
		return "cn-north-1"
	}
	return "us-east-1"
}

// callError is an error of a call that needs a permission.
type callError struct {
	action string
	err    error
}

func (e *callError) Error() string { return e.action + ": " + e.err.Error() }

func (e *callError) Unwrap() error { return e.err }

// calling is the error of a call, or nil.
func calling(action string, err error) error {
	if err == nil {
		return nil
	}
	return &callError{action, err}
}

// unknown is a check that an error prevented.
func unknown(group, what string, err error) Check {
	c := Check{Group: group, Name: what, Status: NotChecked, Found: reason(err)}
	var call *callError
	switch {
	case refused(err) && errors.As(err, &call):
		c.Found = "needs " + call.action
	case errors.Is(err, context.DeadlineExceeded):
		c.Found = "AWS did not answer in time"
	}
	return c
}

// refusals are the codes by which services say that a permission is missing.
var refusals = []string{
	"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "UnauthorizedOperation", "NotAuthorized",
}

func refused(err error) bool { return slices.Contains(refusals, code(err)) }

// code is that of an answer of AWS, or empty.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// reason is an error without what the SDK wraps around it.
func reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// nowhere reports whether a host does not exist, as that of a service in a Region
// which does not offer the service.
func nowhere(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// ours reports whether the tags are those of this project, and of which stack.
func (d *demand) ours(tags map[string]string) (stack string, ok bool) {
	stack = tags["pulumi-stack"]
	return stack, tags["pulumi-project"] == d.project && slices.Contains(d.stacks, stack)
}
