package cloud_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
)

// deployedBy has the program's stack deployed by a role that may do these actions.
func deployedBy(p *awstest.Program, actions ...string) {
	p.Account.DeployAs("test", p.Account.Deployer("deployer", iam.Document{Name: "deployer.json",
		Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`}))
}

var vpcCalls = []string{"ec2:CreateVpc", "ec2:CreateTags", "ec2:ModifyVpcAttribute", "ec2:Describe*"}

func TestDeployer(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	deployedBy(p, vpcCalls...)
	p.Up(awstest.VPC, "vpc", aVPC)
	err := p.Delete("vpc")
	p.Refused(err, "deployer-permissions", "UnauthorizedOperation", "You are not authorized to perform this operation. User: "+
		"arn:aws:sts::123456789012:assumed-role/deployer/pulumi is not authorized to perform: ec2:DeleteVpc on resource: "+
		"arn:aws:ec2:ap-northeast-2:123456789012:vpc/"+p.ID("vpc")+" because no identity-based policy allows the ec2:DeleteVpc action")
	if !strings.HasPrefix(err.Error(), "calling AWS with the permissions in deployer.json: ") {
		t.Errorf("the error does not name the policy: %v", err)
	}
	p.Refused(p.Update("vpc", engine.Props{"tags": engine.Props{}}), "deployer-permissions", "UnauthorizedOperation", "ec2:DeleteTags")
	// Other stacks have other deployers.
	if who := p.Account.Caller("urn:pulumi:other::p::t::n"); who.RoleARN != "" {
		t.Errorf("another stack is deployed by %s", who.ARN)
	}
}

// What AWS is asked about: the new resource with the tags of the request, and the
// one that it belongs to with its own.
func TestRequestsOfADeployer(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Up(awstest.VPC, "vpc", aVPC)
	deployedBy(p, "ec2:*")
	p.Up(awstest.Subnet, "subnet", engine.Props{"vpcId": p.ID("vpc"), "cidrBlock": "10.0.0.0/24", "tags": engine.Props{"Name": "net"}})
	keys := map[string]iam.Context{}
	for _, q := range p.Account.Requests() {
		if q.Action == "ec2:CreateSubnet" || q.Action == "ec2:CreateTags" {
			keys[q.Action+" "+q.Resource] = q.Context
		}
	}
	const arn = "arn:aws:ec2:ap-northeast-2:123456789012:"
	fresh, tagged := keys["ec2:CreateSubnet "+arn+"subnet/*"], keys["ec2:CreateTags "+arn+"subnet/*"]
	vpc := keys["ec2:CreateSubnet "+arn+"vpc/"+p.ID("vpc")]
	for _, c := range []struct{ got, want string }{
		{one(fresh, "aws:requesttag/name"), "net"}, {one(fresh, "aws:resourcetag/name"), ""},
		{one(vpc, "aws:resourcetag/name"), "vpc"}, {one(vpc, "aws:requesttag/name"), ""},
		{one(tagged, "ec2:createaction"), "CreateSubnet"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q in %v", c.got, c.want, keys)
		}
	}
}

func one(ctx iam.Context, key string) string { return strings.Join(ctx[key], " ") }

// A refused call in the middle of a creation leaves the resource behind.
func TestDeployerStopsHalfway(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	deployedBy(p, "ec2:CreateVpc", "ec2:CreateTags", "ec2:Describe*")
	p.Refused(p.Try(awstest.VPC, "vpc", aVPC), "deployer-permissions", "UnauthorizedOperation", "ec2:ModifyVpcAttribute")
	if n := len(ec2.VPCs.All(p.Account.Account)); n != 1 {
		t.Errorf("%d VPCs exist, want the one that was created", n)
	}
}

// The twin knows the calls of everything that it knows, but for what needs none.
func TestCallsOfEveryType(t *testing.T) {
	t.Parallel()
	for _, token := range cloud.WithoutCalls() {
		switch token {
		case "aws:index/getCallerIdentity:getCallerIdentity", // AWS always allows it
			"aws:index/getRegion:getRegion", "aws:index/getPartition:getPartition": // the provider knows these
		default:
			t.Errorf("%s has no calls", token)
		}
	}
}
