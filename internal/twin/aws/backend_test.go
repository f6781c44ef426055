package aws

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

func TestUnknownTypes(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.refused(lawKnownTypes, "", []string{"aws:s3/bucket:Bucket"}, "aws:s3/bucket:Bucket", "bucket", nil)
	err := p.a.World.Do(world.Read, "x", func(op *world.Op) error {
		_, err := p.a.Backend().Invoke(op, p.inst, "aws:s3/getBucket:getBucket", nil)
		return err
	})
	p.broke(err, lawKnownTypes, "", "aws:s3/getBucket:getBucket")
	err = p.a.World.Do(world.Read, "x", func(op *world.Op) error {
		_, err := p.a.Backend().Invoke(op, p.inst, "aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": "none"})
		return err
	})
	p.broke(err, lawLookup, "", "no matching EC2 Managed Prefix List found")
}

func TestRequired(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	_, err := p.try(tSubnet, "net", engine.Props{"cidrBlock": "10.0.0.0/24"})
	if err == nil || !contains(err.Error(), `Missing required argument. The argument "vpc_id" is required, but no definition was found.`, "Examine values at 'net.vpcId'.", lawRequired.ID) {
		t.Errorf("a subnet without a VPC: %v", err)
	}
	broken(lawRequired)
	// In a preview the VPC's id is not known yet, which is as good as given.
	in := engine.Props{"vpcId": resource.Computed{Element: resource.NewProperty("")}, "cidrBlock": "10.0.0.0/24", "tags": resource.Computed{Element: resource.NewProperty("")}}
	checked, failures, err := p.a.Backend().Check(p.inst, urnOf(tSubnet, "net"), nil, in)
	if _, unknown := checked["tagsAll"].(resource.Computed); err != nil || len(failures) > 0 || !unknown {
		t.Errorf("unknown inputs: %v %v %v", checked, failures, err)
	}
}

func TestNamesAndTags(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	in := engine.Props{"vpcId": p.id("vpc"), "tags": engine.Props{"Name": "web"}}
	web := p.up(tGroup, "web", in)
	name := text(web.in["name"])
	if !strings.HasPrefix(name, "web-") || len(name) != len("web-")+7 {
		t.Errorf("automatic name %q", name)
	}
	if tags := obj(web.out["tagsAll"]); tags["project"] != "eks-lattice" || tags["Name"] != "web" {
		t.Errorf("tagsAll %v", tags)
	}
	checked, _, _ := p.a.Backend().Check(p.inst, web.urn, web.in, jsonish(in).(engine.Props))
	if checked["name"] != name {
		t.Errorf("a second up renames %s to %s", name, checked["name"])
	}
	// A replacement stands beside the old one for a while: it needs another name.
	checked, _, _ = p.a.Backend().Check(p.inst, web.urn, nil, jsonish(in).(engine.Props))
	if checked["name"] == name {
		t.Errorf("the replacement is called %s too", name)
	}
}

func TestImmutable(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.up(tNetwork, "network", engine.Props{"name": "lattice-gateway"})
	for name, c := range map[string]struct {
		change  engine.Props
		replace []string
	}{
		"vpc":       {change: engine.Props{"cidrBlock": "10.1.0.0/16"}, replace: []string{"cidrBlock"}},
		"private-a": {change: engine.Props{"cidrBlock": "10.0.99.0/24", "tags": engine.Props{"x": "y"}}, replace: []string{"cidrBlock"}},
		"network":   {change: engine.Props{"name": "other-gateway"}, replace: []string{"name"}},
		"igw":       {change: engine.Props{"tags": engine.Props{"x": "y"}}},
	} {
		m := p.made[name]
		checked, _, err := p.a.Backend().Check(p.inst, m.urn, m.in, merge(m.in, c.change))
		if err != nil {
			t.Fatal(err)
		}
		diff, err := p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, checked)
		if err != nil || len(diff.Keys) == 0 || strings.Join(diff.Replace, ",") != strings.Join(c.replace, ",") {
			t.Errorf("%s: %+v %v", name, diff, err)
		}
	}
	broken(lawImmutable)
}

// A replacement with a name of the program's own must wait for the old one to go.
func TestDeleteBeforeReplace(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.up(tRole, "role", engine.Props{"name": "app", "assumeRolePolicy": trust("ec2.amazonaws.com")})
	m := p.made["role"]
	diff, err := p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, merge(m.in, engine.Props{"path": "/team/"}))
	if err != nil || !diff.DeleteBeforeReplace {
		t.Errorf("%+v %v", diff, err)
	}
	// One with an automatic name gets another name, and need not wait.
	p.up(tRole, "free", engine.Props{"assumeRolePolicy": trust("ec2.amazonaws.com")})
	m = p.made["free"]
	diff, err = p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, merge(m.in, engine.Props{"path": "/team/"}))
	if err != nil || diff.DeleteBeforeReplace || len(diff.Replace) != 1 {
		t.Errorf("%+v %v", diff, err)
	}
}

func TestProviderAccount(t *testing.T) {
	t.Parallel()
	for given, words := range map[string]string{`["123456789012"]`: "", `["999999999999"]`: "AWS account ID not allowed: 123456789012"} {
		p := newProgram(t)
		p.inst.Config["allowedAccountIds"] = given
		_, err := p.try(tVPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16"})
		if words == "" && err != nil {
			t.Error(err)
		}
		if words != "" {
			p.broke(err, lawAccount, "", words)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	start := p.a.World.Now()
	p.cluster("")
	if took := p.a.World.Now().Sub(start); took < 11*minute || took > 30*minute {
		t.Errorf("a cluster takes %s one after the other", took)
	}
	for token := range durations {
		if kinds[token] == nil {
			t.Errorf("a duration for the unknown type %s", token)
		}
	}
	broken(lawDurations)
}

// Two worlds with the same program are the same, whatever maps do.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	ids := func() []string {
		p := newProgram(t)
		p.cluster("")
		p.up(tNetwork, "network", engine.Props{"name": "lattice-gateway"})
		return p.a.Leftovers()
	}
	first, second := ids(), ids()
	if strings.Join(first, "\n") != strings.Join(second, "\n") {
		t.Errorf("two runs differ:\n%v\n%v", first, second)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	for i := range 6 {
		if w := p.a.Warnings(); len(w) > 0 {
			t.Errorf("with %d VPCs: %v", i, w)
		}
		p.up(tVPC, fmt.Sprint("vpc", i), engine.Props{"cidrBlock": "10.0.0.0/16"})
	}
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "6 VPCs", "quota of 5") {
		t.Errorf("with six VPCs: %v", w)
	}
	broken(lawQuotas)
}
