package ec2

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

var ofGroup = []cloud.Reference{{Property: "securityGroupId", To: Groups}}

// The newer types of rule: one resource, one peer.
var (
	_ = cloud.Define(ruleType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", false))
	_ = cloud.Define(ruleType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", true))
)

func ruleType(token string, egress bool) cloud.Part {
	return cloud.Part{
		Schema: cloud.Schema{
			Token:    token,
			Required: []string{"securityGroupId", "ipProtocol"},
			ForceNew: []string{"securityGroupId"},
			Refers:   ofGroup,
			Check:    checkRule,
		},
		Create: func(r *cloud.Request) (string, error) {
			g := groupOf(r)
			ids, err := g.addRules(r, olderForm(r), egress, false)
			if err != nil {
				return "", err
			}
			g.assign(ids, ids[0], r.Tags())
			return ids[0], nil
		},
		Update: func(r *cloud.Request) error {
			g := groupOf(r)
			before := slices.Clone(g.Rules)
			g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return x.resource == r.ID })
			ids, err := g.addRules(r, olderForm(r), egress, false)
			if err != nil {
				g.Rules = before
				return err
			}
			g.assign(ids, r.ID, r.Tags())
			return nil
		},
		Delete: deleteRules,
		Outputs: func(r *cloud.Request) engine.Props {
			rules := rulesOf(r)
			if len(rules) == 0 {
				return nil
			}
			rule := rules[0]
			out := engine.Props{"securityGroupRuleId": r.ID, "arn": r.ARN("ec2", "security-group-rule/"+r.ID),
				"ipProtocol": spelled(r.Str("ipProtocol"), rule), "tagsAll": cloud.TagsAll(rule.tags)}
			if rule.Protocol != "-1" {
				out["fromPort"], out["toPort"] = rule.From, rule.To
			}
			for property, key := range peerProperties {
				out[property] = nil
				if rule.peerList() == key {
					out[property] = rule.Peer
				}
			}
			return out
		},
	}
}

func checkRule(c *cloud.Checker) {
	c.CIDR("cidrIpv4")
	given := 0
	for p := range peerProperties {
		if c.In[p] != nil {
			given++
		}
	}
	if given != 1 {
		c.Fail("securityGroupId", "Invalid Attribute Combination: exactly one of "+
			"cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id must be given, got %d", given)
	}
	if p, ok := c.Known("ipProtocol"); ok && p == "-1" && (c.In["fromPort"] != nil || c.In["toPort"] != nil) {
		c.Fail("fromPort", "Invalid Attribute Combination: ports cannot be given when ip_protocol is -1")
	}
}

// peerProperties are the peers of the newer types and what the older one calls them.
var peerProperties = map[string]string{
	"cidrIpv4": "cidrBlocks", "cidrIpv6": "ipv6CidrBlocks", "prefixListId": "prefixListIds", "referencedSecurityGroupId": "securityGroups",
}

func olderForm(r *cloud.Request) engine.Props {
	in := engine.Props{"protocol": r.In["ipProtocol"], "fromPort": r.In["fromPort"], "toPort": r.In["toPort"]}
	for from, to := range peerProperties {
		if v := r.Str(from); v != "" {
			in[to] = []any{v}
		}
	}
	return in
}

// The older type, which the EKS component uses: one resource can stand for
// several rules.
var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:ec2/securityGroupRule:SecurityGroupRule",
		Required: []string{"fromPort", "protocol", "securityGroupId", "toPort", "type"},
		ForceNew: []string{"type", "securityGroupId", "protocol", "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds",
			"self", "sourceSecurityGroupId"},
		Defaults: engine.Props{"self": false},
		Untagged: true,
		Refers:   ofGroup,
		Check:    func(c *cloud.Checker) { c.OneOf("type", "ingress", "egress") },
	},
	Create: func(r *cloud.Request) (string, error) {
		g := groupOf(r)
		ids, err := g.addRules(r, r.In, r.Str("type") == "egress", false)
		if err != nil {
			return "", err
		}
		id := "sgrule-" + strings.TrimPrefix(ids[0], "sgr-")
		g.assign(ids, id, nil)
		return id, nil
	},
	Delete: deleteRules,
	Outputs: func(r *cloud.Request) engine.Props {
		rules := rulesOf(r)
		if len(rules) == 0 {
			return nil
		}
		out := engine.Props{"securityGroupRuleId": "sgr-" + cloud.Tail(r.ID, "-"), "protocol": spelled(r.Str("protocol"), rules[0]),
			"type": "ingress", "self": false}
		if rules[0].Egress {
			out["type"] = "egress"
		}
		if rules[0].Protocol != "-1" {
			out["fromPort"], out["toPort"] = rules[0].From, rules[0].To
		}
		peers := map[string][]string{}
		for _, rule := range rules {
			switch {
			case rule.Peer == r.Str("securityGroupId") && cloud.Truth(r.In["self"]):
				out["self"] = true
			case rule.peerList() == "securityGroups":
				out["sourceSecurityGroupId"] = rule.Peer
			default:
				peers[rule.peerList()] = append(peers[rule.peerList()], rule.Peer)
			}
		}
		for _, key := range peerLists[:3] {
			out[key] = nil
			if len(peers[key]) > 0 {
				out[key] = cloud.List(peers[key])
			}
		}
		return out
	},
})

func groupOf(r *cloud.Request) *SecurityGroup { return Groups.Get(r.Account, r.Str("securityGroupId")) }

func deleteRules(r *cloud.Request) error {
	g := groupOf(r)
	g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return x.resource == r.ID })
	return nil
}

// assign remembers which resource some rules belong to: a URN alone does not
// tell a rule from its replacement.
func (g *SecurityGroup) assign(ruleIDs []string, resource string, tags map[string]string) {
	for i := range g.Rules {
		if slices.Contains(ruleIDs, g.Rules[i].ID) {
			g.Rules[i].resource, g.Rules[i].tags = resource, tags
		}
	}
}

// rulesOf are the rules that a rule resource stands for.
func rulesOf(r *cloud.Request) []GroupRule {
	g := groupOf(r)
	if g == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(g.Rules), func(x GroupRule) bool { return x.resource != r.ID })
}

// spelled is a rule's protocol as the program spells it: "TCP" is "tcp".
func spelled(given string, rule GroupRule) string {
	if protocol(given) == rule.Protocol {
		return given
	}
	return rule.Protocol
}
