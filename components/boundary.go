package components

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// bounded adds to a component's options that every role below it gets a
// permissions boundary, those of the EKS component, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func bounded(opts []pulumi.ResourceOption, arn string) []pulumi.ResourceOption {
	if arn == "" {
		return opts
	}
	return append(slices.Clone(opts), pulumi.Transforms([]pulumi.ResourceTransform{boundaryOfRoles(arn)}))
}

func boundaryOfRoles(arn string) pulumi.ResourceTransform {
	return func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		if args.Type != "aws:iam/role:Role" {
			return nil
		}
		args.Props["permissionsBoundary"] = pulumi.String(arn)
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	}
}

// checkBoundary reports a boundary of another account, which IAM does not find.
// The account may be unknown.
func checkBoundary(found *problem.List, account Account, text string) {
	arn, ok := check.ParseARN(text)
	if !ok || account.ID == "" {
		return
	}
	if arn.Account != account.ID && arn.Account != "aws" || arn.Partition != account.Partition {
		found.Add("PermissionsBoundaryARN", text, "is not in the account of the roles, %s in partition %s; give a policy of that account",
			account.ID, account.Partition)
	}
}
