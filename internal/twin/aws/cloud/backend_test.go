package cloud_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

// In a preview the VPC's id is not known yet, which is as good as given.
func TestUnknownInputs(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	unknown := resource.Computed{Element: resource.NewProperty("")}
	in := engine.Props{"vpcId": unknown, "cidrBlock": "10.0.0.0/24", "tags": unknown}
	checked, failures, err := p.Account.Backend().Check(p.Instance, awstest.URN(awstest.Subnet, "net"), nil, in)
	if _, computed := checked["tagsAll"].(resource.Computed); err != nil || len(failures) > 0 || !computed {
		t.Errorf("unknown inputs: %v %v %v", checked, failures, err)
	}
}

func TestNamesAndTags(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	in := awstest.Props(engine.Props{"vpcId": p.ID("vpc"), "tags": engine.Props{"Name": "web"}})
	web := p.Up(awstest.SecurityGroup, "web", in)
	name := cloud.Text(web.Inputs["name"])
	if !strings.HasPrefix(name, "web-") || len(name) != len("web-")+7 {
		t.Errorf("automatic name %q", name)
	}
	if tags := cloud.Object(web.Outputs["tagsAll"]); tags["project"] != "eks-lattice" || tags["Name"] != "web" {
		t.Errorf("tagsAll %v", tags)
	}
	check := func(olds engine.Props) any {
		checked, failures, err := p.Account.Backend().Check(p.Instance, web.URN, olds, in)
		if err != nil || len(failures) > 0 {
			t.Fatal(failures, err)
		}
		return checked["name"]
	}
	if got := check(web.Inputs); got != name {
		t.Errorf("a second up renames %s to %s", name, got)
	}
	// A replacement exists beside the old one for a while: it needs another name.
	if got := check(nil); got == name {
		t.Errorf("the replacement is called %s too", name)
	}
}

func TestImmutable(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	p.Up(awstest.ServiceNetwork, "network", engine.Props{"name": "lattice-gateway"})
	for name, c := range map[string]struct {
		change  engine.Props
		replace string
	}{
		"private-a": {change: engine.Props{"cidrBlock": "10.0.99.0/24", "tags": engine.Props{"x": "y"}}, replace: "cidrBlock"},
		"network":   {change: engine.Props{"name": "other-gateway"}, replace: "name"},
		"igw":       {change: engine.Props{"tags": engine.Props{"x": "y"}}},
	} {
		if _, diff := p.Diff(name, c.change); len(diff.Keys) == 0 || strings.Join(diff.Replace, ",") != c.replace {
			t.Errorf("%s: %+v", name, diff)
		}
	}
}

// A replacement with a name of the program's own must wait until the old one is
// deleted; one with an automatic name need not.
func TestDeleteBeforeReplace(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Up(awstest.Role, "named", engine.Props{"name": "app", "assumeRolePolicy": awstest.Trust(awstest.NodeService)})
	p.Role("free", awstest.NodeService)
	for name, before := range map[string]bool{"named": true, "free": false} {
		if _, diff := p.Diff(name, engine.Props{"path": "/team/"}); diff.DeleteBeforeReplace != before || len(diff.Replace) != 1 {
			t.Errorf("%s: %+v", name, diff)
		}
	}
}

func TestProviderAccount(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Instance.Config["allowedAccountIds"] = `["123456789012"]`
	if err := p.Try(awstest.VPC, "vpc", aVPC); err != nil {
		t.Error(err)
	}
}

// Two worlds with the same program are the same, whatever maps do.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	ids := func() string {
		p := awstest.New(t)
		p.Cluster("")
		p.Up(awstest.ServiceNetwork, "network", engine.Props{"name": "lattice-gateway"})
		return strings.Join(p.Account.Leftovers(), "\n")
	}
	if first, second := ids(), ids(); first != second {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}

func TestCIDRsAreChecked(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	for cidr, words := range map[string]string{
		"10.0.0.1/16": `"10.0.0.1/16" is not a valid CIDR block; did you mean "10.0.0.0/16"?`,
		"10.0.0.0":    `invalid CIDR address: 10.0.0.0`,
	} {
		err := p.Try(awstest.VPC, "vpc", engine.Props{"cidrBlock": cidr})
		if err == nil || !awstest.Contains(err.Error(), words, "Examine values at 'vpc.cidrBlock'") {
			t.Errorf("%s: %v", cidr, err)
		}
	}
}
