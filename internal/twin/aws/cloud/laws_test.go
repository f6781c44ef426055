package cloud_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, laws)
}

var aVPC = engine.Props{"cidrBlock": "10.0.0.0/16", "tags": engine.Props{"Name": "vpc"}}

var laws = []lawtest.Counterexample{
	awstest.Refuses("aws-known-types", "", "the resource type aws:s3/bucket:Bucket", func(p *awstest.Program) error {
		return p.Try("aws:s3/bucket:Bucket", "bucket", nil)
	}),
	awstest.Refuses("aws-required-properties", "", `The argument "vpc_id" is required,`+
		` but no definition was found.. Examine values at 'net.vpcId'.`,
		func(p *awstest.Program) error {
			return p.Try(awstest.Subnet, "net", engine.Props{"cidrBlock": "10.0.0.0/24"})
		}),
	awstest.Refuses("lookups-find", "", "no matching EC2 Managed Prefix List found", func(p *awstest.Program) error {
		_, err := p.Invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": "none"})
		return err
	}),
	awstest.Refuses("provider-account", "", "AWS account ID not allowed: 123456789012", func(p *awstest.Program) error {
		p.Instance.Config["allowedAccountIds"] = `["999999999999"]`
		return p.Try(awstest.VPC, "vpc", aVPC)
	}),
	awstest.Refuses("aws-resources-exist", "NotFound", "does not exist any more", func(p *awstest.Program) error {
		p.Up(awstest.VPC, "vpc", aVPC)
		ec2.VPCs.Delete(p.Account.Account, p.ID("vpc"))
		return p.Update("vpc", engine.Props{"enableDnsHostnames": true})
	}),
	awstest.Refuses("identity-policies", "AccessDeniedException",
		"User: arn:aws:sts::123456789012:assumed-role/controller/x is not authorized to perform: vpc-lattice:CreateService on resource: * "+
			"because no identity-based policy allows the vpc-lattice:CreateService action",
		func(p *awstest.Program) error {
			return p.Account.Authorize(lister, "vpc-lattice:CreateService", "*")
		}),
	awstest.Refuses("deployer-permissions", "UnauthorizedOperation", "is not authorized to perform: ec2:CreateTags on resource: "+
		"arn:aws:ec2:ap-northeast-2:123456789012:vpc/* because no identity-based policy allows the ec2:CreateTags action",
		func(p *awstest.Program) error {
			deployedBy(p, "ec2:CreateVpc")
			return p.Try(awstest.VPC, "vpc", aVPC)
		}),
	awstest.Counterexample("aws-immutable-properties", func(p *awstest.Program) law.Law {
		p.Up(awstest.VPC, "vpc", aVPC)
		_, diff := p.Diff("vpc", engine.Props{"cidrBlock": "10.1.0.0/16"})
		return diff.Law
	}),
	awstest.Counterexample("refresh-reads-the-account", func(p *awstest.Program) law.Law {
		p.Up(awstest.VPC, "vpc", aVPC)
		ec2.VPCs.Get(p.Account.Account, p.ID("vpc")).Tags["Name"] = "other"
		_, _, diff := p.Refresh("vpc")
		return diff.Law
	}),
	awstest.Counterexample("aws-durations", func(p *awstest.Program) law.Law {
		p.Up(awstest.VPC, "vpc", aVPC)
		op := p.Account.World.Journal()[0]
		if op.Seconds != 12 {
			p.T.Errorf("a VPC takes %v s", op.Seconds)
		}
		return op.Durations[0]
	}),
}

var lister = iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/controller/x", Account: "123456789012",
	Policies: []iam.Document{{Text: awstest.Allowing("vpc-lattice:List*")}}}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	if err := p.Account.Authorize(lister, "vpc-lattice:ListServices", "*"); err != nil {
		t.Error(err)
	}
	denied := lister
	denied.Policies = append(slices.Clone(lister.Policies), iam.Document{Text: strings.Replace(awstest.Allowing("*"), "Allow", "Deny", 1)})
	p.Refused(p.Account.Authorize(denied, "vpc-lattice:ListServices", "*"), "identity-policies", "AccessDeniedException",
		"with an explicit deny in an identity-based policy")
}

func TestUnknownFunction(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	_, err := p.Invoke("aws:s3/getBucket:getBucket", nil)
	p.Refused(err, "aws-known-types", "", "aws:s3/getBucket:getBucket")
}

func TestClusterTakesItsTime(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Cluster("")
	if took := p.Account.World.Now().Sub(world.Epoch); took < 11*time.Minute || took > 30*time.Minute {
		t.Errorf("a cluster takes %s one after the other", took)
	}
}
