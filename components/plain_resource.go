package components

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// plainResource is a resource of the aws provider without the SDK's package of its
// type. Every user would compile that package with all of its types: aws/kms would
// add 1 MB to the program for one of them, aws/ec2transitgateway 2.6.
type plainResource struct {
	pulumi.CustomResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`
}

func newPlainResource(ctx *pulumi.Context, token, name string, inputs pulumi.Map, opts ...pulumi.ResourceOption) (*plainResource, error) {
	var r plainResource
	if err := ctx.RegisterResource(token, name, inputs, &r, opts...); err != nil {
		return nil, err
	}
	return &r, nil
}
