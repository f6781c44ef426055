package ec2

import (
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawDefaultGroup = law.New(law.References, "default-security-group",
	"The default security group of a VPC admits all traffic among its members, and what is created without a group is one, "+
		"until the program adopts the group and so deletes its rules.",
	"https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2")

// The provider deletes nothing but its own knowledge of the group, which exists
// as long as its VPC.
// https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/default_security_group
var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
		ForceNew: []string{"vpcId"},
		Sets:     []string{"ingress", "egress"},
		Defaults: engine.Props{"revokeRulesOnDelete": false},
		Takes:    cloud.Durations{Create: 3 * time.Second, Delete: cloud.Instant},
	},
	Create: func(r *cloud.Request) (string, error) {
		v, err := VPCs.Find(r, r.Str("vpcId"))
		if err != nil {
			return "", err
		}
		g := Groups.Get(r.Account, v.DefaultGroup)
		g.Rules, g.Tags = nil, r.Tags()
		return g.ID, g.putInline(r)
	},
	Update: func(r *cloud.Request) error {
		g := Groups.Get(r.Account, r.ID)
		g.Tags = r.Tags()
		return g.putInline(r)
	},
	Delete: func(*cloud.Request) error { return nil },
	Outputs: func(r *cloud.Request) engine.Props {
		g := Groups.Get(r.Account, r.ID)
		if g == nil {
			return nil
		}
		return engine.Props{"arn": g.ARN, "ownerId": r.Account.ID, "vpcId": g.VPCID, "namePrefix": "", "name": g.Name,
			"description": g.Description, "ingress": g.inline(r.Objs("ingress"), false), "egress": g.inline(r.Objs("egress"), true),
			"tagsAll": g.TagsAll()}
	},
})

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, g := range Groups.All(a) {
		if g.Default && len(g.Rules) > 0 {
			out = append(out, lawDefaultGroup.Warn("%s of VPC %s has rules: adopt it as a DefaultSecurityGroup without any", g.ID, g.VPCID))
		}
	}
	return out
})
