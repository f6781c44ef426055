package ec2

import (
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawGroupName = law.New(law.References, "security-group-name",
		"A security group's name is unique in its VPC and does not begin with sg-.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html")
	lawGroupDeletion = law.New(law.Deletion, "security-group-in-use",
		"A security group cannot be deleted while a network interface or a service network association carries it "+
			"or a rule of another group refers to it.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/deleting-security-groups.html")
)

// GroupInUse is the refusal of a security group's deletion.
var GroupInUse = cloud.InUse{Law: lawGroupDeletion, Code: "DependencyViolation", Format: "resource %[1]s has a dependent object (%[2]s)"}

var (
	_ = cloud.Use(Interfaces, Groups, GroupInUse, func(e *NetworkInterface) []string { return e.GroupIDs }, describe)
	_ = cloud.Use(Groups, Groups, GroupInUse, func(g *SecurityGroup) (others []string) {
		for _, rule := range g.Rules {
			if rule.Peer != g.ID {
				others = append(others, rule.Peer)
			}
		}
		return others
	}, func(g *SecurityGroup) string { return "a rule of " + g.ID })
)

var _ = cloud.DefineType(cloud.Type[*SecurityGroup]{
	Schema: cloud.Schema{
		Token:    "aws:ec2/securityGroup:SecurityGroup",
		ForceNew: []string{"name", "description", "vpcId", "namePrefix"},
		Sets:     []string{"ingress", "egress"},
		Autoname: "name",
		NameMax:  255,
		Defaults: engine.Props{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
		Takes:    cloud.Durations{Create: 3 * time.Second},
		Check: func(c *cloud.Checker) {
			if name, ok := c.Known("name"); ok && strings.HasPrefix(name, "sg-") {
				c.Break(lawGroupName, "name", "invalid value for name (cannot begin with sg-)")
			}
		},
	},
	Table: Groups,
	Create: func(r *cloud.Request) (*SecurityGroup, error) {
		v, err := VPCs.Find(r, r.Str("vpcId"))
		if err != nil {
			return nil, err
		}
		g, err := NewGroup(r, v, r.Str("name"), r.Str("description"))
		if err != nil {
			return nil, err
		}
		return g, g.putInline(r)
	},
	Update: func(r *cloud.Request, g *SecurityGroup) error { return g.putInline(r) },
	Outputs: func(r *cloud.Request, g *SecurityGroup) engine.Props {
		return engine.Props{"arn": g.ARN, "ownerId": r.Account.ID, "vpcId": g.VPCID, "namePrefix": "", "name": g.Name,
			"description": g.Description, "ingress": g.inline(r.Objs("ingress"), false), "egress": g.inline(r.Objs("egress"), true)}
	},
})

// NewGroup returns a group that is not in the account yet.
func NewGroup(r *cloud.Request, v *VPC, name, description string) (*SecurityGroup, error) {
	if slices.ContainsFunc(Groups.All(r.Account), func(other *SecurityGroup) bool { return other.VPCID == v.ID && other.Name == name }) {
		return nil, lawGroupName.Refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, v.ID)
	}
	return &SecurityGroup{Meta: r.Identified("sg", "ec2", "security-group", name), VPCID: v.ID, Description: description}, nil
}

// putInline gives a group exactly the inline rules of its inputs.
func (g *SecurityGroup) putInline(r *cloud.Request) error {
	g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return x.Inline })
	for _, side := range []struct {
		key    string
		egress bool
	}{{"ingress", false}, {"egress", true}} {
		for _, in := range cloud.Objects(r.Old[side.key]) { // a refresh puts there what another party added
			listed := g.described(in, side.egress)
			g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return slices.ContainsFunc(listed, x.equals) })
		}
		for _, in := range r.Objs(side.key) {
			if _, err := g.addRules(r, in, side.egress, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// inline are the rules of a group in the form of inline rules: first those that
// are given and exist, then the rest, whoever added it.
func (g *SecurityGroup) inline(given []engine.Props, egress bool) []any {
	rest := slices.DeleteFunc(slices.Clone(g.Rules), func(x GroupRule) bool { return x.Egress != egress })
	out := []any{}
	for _, in := range given {
		left := []string{}
		for _, rule := range g.described(in, egress) {
			if at := slices.IndexFunc(rest, rule.equals); at >= 0 {
				rest = slices.Delete(rest, at, at+1)
				left = append(left, rule.Peer)
			}
		}
		if len(left) > 0 {
			out = append(out, g.among(in, left))
		}
	}
	for _, rule := range rest {
		out = append(out, engine.Props{"protocol": rule.Protocol, "fromPort": rule.From, "toPort": rule.To, rule.peerList(): []any{rule.Peer}})
	}
	return out
}

// among keeps those peers of an inline rule that are in the list.
func (g *SecurityGroup) among(in engine.Props, peers []string) engine.Props {
	out := cloud.Merge(nil, in)
	for _, key := range peerLists {
		if in[key] != nil {
			out[key] = cloud.List(slices.DeleteFunc(cloud.Texts(in[key]), func(p string) bool { return !slices.Contains(peers, p) }))
		}
	}
	if cloud.Truth(in["self"]) {
		out["self"] = slices.Contains(peers, g.ID)
	}
	return out
}
