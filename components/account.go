package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Account is one AWS account in one Region. VPC Lattice is regional, so an
// environment and its clusters share it.
type Account struct {
	// ID has twelve digits.
	ID string
	// Region such as "ap-northeast-2".
	Region string
	// Partition is "aws" in most Regions.
	Partition string
}

// LookupAccount asks AWS whose credentials a provider has.
func LookupAccount(ctx *pulumi.Context, region string, opts ...pulumi.InvokeOption) (Account, error) {
	caller, err := aws.GetCallerIdentity(ctx, nil, opts...)
	if err != nil {
		return Account{}, fmt.Errorf("looking up the AWS account: %w", err)
	}
	partition, err := aws.GetPartition(ctx, nil, opts...)
	if err != nil {
		return Account{}, fmt.Errorf("looking up the AWS partition: %w", err)
	}
	return Account{ID: caller.AccountId, Region: region, Partition: partition.Partition}, nil
}

// rootARN stands for every principal of the account.
func (a Account) rootARN() string {
	return fmt.Sprintf("arn:%s:iam::%s:root", a.Partition, a.ID)
}

func (a Account) managedPolicyARN(name string) string {
	return fmt.Sprintf("arn:%s:iam::aws:policy/%s", a.Partition, name)
}

func (a Account) clusterARN(name string) string {
	return fmt.Sprintf("arn:%s:eks:%s:%s:cluster/%s", a.Partition, a.Region, a.ID, name)
}

// latticeServicesARN matches every Lattice service of the account and Region.
func (a Account) latticeServicesARN() string {
	return fmt.Sprintf("arn:%s:vpc-lattice:%s:%s:service/*", a.Partition, a.Region, a.ID)
}
