package components

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newKey creates the key that encrypts the data of the Kubernetes API. Its policy
// is the default one: the account's identity policies decide who may use it.
// https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html
func (c *LatticeCluster) newKey(ctx *pulumi.Context) (*plainResource, error) {
	key, err := newPlainResource(ctx, "aws:kms/key:Key", c.name+"-key", pulumi.Map{
		"description":       pulumi.String("Data of the Kubernetes API of EKS cluster " + c.args.ClusterName),
		"enableKeyRotation": pulumi.Bool(true),
		"tags":              nameTag(c.args.ClusterName),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating key of the cluster: %w", err)
	}
	return key, nil
}

// admitClusterRole lets the cluster's own role use the key. EKS encrypts with a
// grant of the cluster's creator, but it uses the cluster's role to upgrade the
// cluster and to check the key's grants every hour.
// https://github.com/aws/containers-roadmap/issues/1533
// https://github.com/terraform-aws-modules/terraform-aws-eks/issues/1913
func (c *LatticeCluster) admitClusterRole(ctx *pulumi.Context, roleARN pulumi.StringOutput, key *plainResource) error {
	_, err := iam.NewRolePolicy(ctx, c.name+"-key", &iam.RolePolicyArgs{
		Role:   roleARN.ApplyT(func(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }).(pulumi.StringOutput),
		Policy: key.ARN.ApplyT(func(arn string) string { return clusterKeyPolicy(arn).JSON() }).(pulumi.StringOutput),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("admitting the cluster's role to its key: %w", err)
	}
	return nil
}

func clusterKeyPolicy(keyARN string) PolicyDocument {
	return allow(PolicyStatement{
		Action:   Values{"kms:DescribeKey", "kms:ListGrants", "kms:Encrypt", "kms:Decrypt"},
		Resource: Values{keyARN},
	})
}
