package settings

import (
	"fmt"
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// AWS configures the aws provider of a stack.
type AWS struct {
	// Region comes from aws:region. It is empty if that is wrong.
	Region string
	// Profile comes from aws:profile and may be empty.
	Profile string
	// Tags of every resource.
	Tags map[string]string
	// AccountID is the only account that the stack may change, or empty.
	AccountID string
}

// AWS reads aws:region and aws:profile.
func (r *Reader) AWS() AWS {
	settings := AWS{Region: r.Shared("aws:region"), Profile: r.Shared("aws:profile")}
	var found problem.List
	const remedy = `give a Region such as ap-northeast-2, with "pulumi config set aws:region ap-northeast-2"`
	if settings.Region == "" {
		found.Missing("aws:region", "is missing; "+remedy)
	} else if !check.IsRegion(settings.Region) {
		found.Add("aws:region", settings.Region, "is not the name of a Region; "+remedy)
		settings.Region = ""
	}
	r.ReportAs(found)
	return settings
}

// StackTags returns the tags of every resource of the running stack: the user's,
// and two that identify leftovers.
func StackTags(ctx *pulumi.Context, tags map[string]string) map[string]string {
	all := map[string]string{"pulumi-project": ctx.Project(), "pulumi-stack": ctx.Stack()}
	maps.Copy(all, tags)
	return all
}

// NewProvider registers the aws provider of the stack. An explicit provider
// ignores the stack's aws: settings.
func (s AWS) NewProvider(ctx *pulumi.Context) (*aws.Provider, error) {
	args := &aws.ProviderArgs{
		Region:      pulumi.String(s.Region),
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(s.Tags)},
	}
	if s.Profile != "" {
		args.Profile = pulumi.String(s.Profile)
	}
	if s.AccountID != "" {
		args.AllowedAccountIds = pulumi.ToStringArray([]string{s.AccountID})
	}
	provider, err := aws.NewProvider(ctx, "aws", args)
	if err != nil {
		return nil, fmt.Errorf("creating aws provider: %w", err)
	}
	return provider, nil
}
