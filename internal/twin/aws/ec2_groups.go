package aws

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// SecurityGroup is a VPC's security group.
type SecurityGroup struct {
	Meta
	VPCID       string
	Description string
	Rules       []GroupRule
	Owner       string // the EKS cluster that made it, empty for a program's
}

// GroupRule is one rule of a security group.
type GroupRule struct {
	ID       string
	URN      string
	Egress   bool
	Protocol string // "-1", "tcp", ...
	From, To int
	Peer     string // a block, a prefix list or a group
	Inline   bool
	resource string // the id of the program's rule resource
	tags     map[string]string
}

var (
	lawGroupName = law.New(law.References, "security-group-name",
		"A security group's name is unique in its VPC and does not begin with sg-.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html")
	lawGroupDeletion = law.New(law.Deletion, "security-group-in-use",
		"A security group cannot be deleted while a network interface or a service network association carries it or a rule of another group refers to it.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/deleting-security-groups.html")
)

var securityGroupKind = &kind{
	token:    "aws:ec2/securityGroup:SecurityGroup",
	forceNew: []string{"name", "description", "vpcId", "namePrefix"},
	sets:     []string{"ingress", "egress"},
	autoname: "name",
	nameMax:  255,
	defaults: engine.Props{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
	check: func(c *checker) {
		if name, ok := c.known("name"); ok && strings.HasPrefix(name, "sg-") {
			c.fail("name", "invalid value for name (cannot begin with sg-)")
		}
	},
	create: func(r *request) (string, error) {
		v, err := r.vpc(r.str("vpcId"))
		if err != nil {
			return "", err
		}
		g, err := r.addGroup(v, r.str("name"), r.str("description"), r.urn)
		if err != nil {
			return "", err
		}
		g.Tags = r.tags()
		return g.ID, r.inlineRules(g)
	},
	update: func(r *request) error {
		g := r.ec2.groups[r.id]
		g.Tags = r.tags()
		return r.inlineRules(g)
	},
	remove: func(r *request) error {
		g := r.ec2.groups[r.id]
		kept := g.Rules
		if r.flag("revokeRulesOnDelete") {
			g.Rules = nil
		}
		if why := r.groupUse(g); why != "" {
			g.Rules = kept
			return lawGroupDeletion.Refuse("DependencyViolation", "resource %s has a dependent object (%s)", g.ID, why)
		}
		delete(r.ec2.groups, g.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		g := r.ec2.groups[r.id]
		if g == nil {
			return nil
		}
		return engine.Props{"arn": g.ARN, "ownerId": r.ID, "vpcId": g.VPCID, "namePrefix": "", "name": g.Name,
			"description": g.Description, "ingress": g.inline(r.objs("ingress"), false), "egress": g.inline(r.objs("egress"), true), "tagsAll": g.tagsAll()}
	},
}

// addGroup makes a group for a program or, with an owner, for a service.
func (r *request) addGroup(v *VPC, name, description, urn string) (*SecurityGroup, error) {
	for _, other := range sorted(r.ec2.groups) {
		if other.VPCID == v.ID && other.Name == name {
			return nil, lawGroupName.Refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, v.ID)
		}
	}
	id := r.newID("sg")
	g := &SecurityGroup{
		Meta:  Meta{URN: urn, ID: id, ARN: r.arn("ec2", r.region, r.ID, "security-group/"+id), Name: name, Region: r.region},
		VPCID: v.ID, Description: description,
	}
	r.ec2.groups[id] = g
	return g, nil
}

// groupUse says what uses a group, empty for nothing.
func (a *Account) groupUse(g *SecurityGroup) string {
	for _, e := range sorted(a.ec2.enis) {
		if slices.Contains(e.GroupIDs, g.ID) {
			return "network interface " + e.ID + " " + e.Description
		}
	}
	for _, other := range sorted(a.ec2.groups) {
		for _, rule := range other.Rules {
			if other != g && rule.Peer == g.ID {
				return "rule " + rule.ID + " of " + other.ID
			}
		}
	}
	for _, assoc := range sorted(a.net.vpcs) {
		if slices.Contains(assoc.SecurityGroupIDs, g.ID) {
			return "service network association " + assoc.ID
		}
	}
	return ""
}

// inlineRules makes a group's inline rules exactly those of the inputs.
func (r *request) inlineRules(g *SecurityGroup) error {
	g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return x.Inline })
	for _, side := range []struct {
		key    string
		egress bool
	}{{"ingress", false}, {"egress", true}} {
		for _, in := range objs(r.old[side.key]) { // a refresh puts there what another party added
			listed := g.described(in, side.egress)
			g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return slices.ContainsFunc(listed, x.equals) })
		}
		for _, in := range r.objs(side.key) {
			if _, err := r.addRules(g, in, side.egress, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// inline are the rules of a group in the form of inline rules: first what the
// given ones say and is there, then the rest, whoever added it.
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

// among leaves those peers of an inline rule that are in the list.
func (g *SecurityGroup) among(in engine.Props, peers []string) engine.Props {
	out := merge(nil, in)
	for _, key := range peerLists {
		if in[key] != nil {
			out[key] = list(slices.DeleteFunc(texts(in[key]), func(p string) bool { return !slices.Contains(peers, p) }))
		}
	}
	if truth(in["self"]) {
		out["self"] = slices.Contains(peers, g.ID)
	}
	return out
}
