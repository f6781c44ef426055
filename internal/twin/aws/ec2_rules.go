package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawRuleOnce = law.New(law.References, "security-group-rule-once",
		"A security group refuses a rule that it already has.",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html")
	lawRulePeer = law.New(law.References, "security-group-rule-peer",
		"The group or prefix list that a rule names must exist, a group in the same VPC, and a rule names exactly one.",
		"https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html")
)

var ingressRuleKind = ruleKind("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", false)

var egressRuleKind = ruleKind("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", true)

// ruleKind is the newer kind of rule: one resource, one peer.
func ruleKind(token string, egress bool) *kind {
	return &kind{
		token:    token,
		required: []string{"securityGroupId", "ipProtocol"},
		forceNew: []string{"securityGroupId"},
		check: func(c *checker) {
			c.cidr("cidrIpv4")
			given := 0
			for _, p := range []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"} {
				if c.in[p] != nil {
					given++
				}
			}
			if given != 1 {
				c.fail("securityGroupId", "Invalid Attribute Combination: exactly one of cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_security_group_id must be given, got %d", given)
			}
			if p, ok := c.known("ipProtocol"); ok && p == "-1" && (c.in["fromPort"] != nil || c.in["toPort"] != nil) {
				c.fail("fromPort", "Invalid Attribute Combination: ports cannot be given when ip_protocol is -1")
			}
		},
		create: func(r *request) (string, error) {
			g, err := r.group(r.str("securityGroupId"))
			if err != nil {
				return "", err
			}
			ids, err := r.addRules(g, r.modernRule(), egress, false)
			if err != nil {
				return "", err
			}
			g.ofResource(ids, ids[0], r.tags())
			return ids[0], nil
		},
		update: func(r *request) error {
			g, err := r.group(r.str("securityGroupId"))
			if err != nil {
				return err
			}
			before := slices.Clone(g.Rules)
			g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return x.resource == r.id })
			ids, err := r.addRules(g, r.modernRule(), egress, false)
			if err != nil {
				g.Rules = before
				return err
			}
			g.ofResource(ids, r.id, r.tags())
			return nil
		},
		remove: removeRules,
		outputs: func(r *request) engine.Props {
			_, rules := r.ownRules()
			if len(rules) == 0 {
				return nil
			}
			rule := rules[0]
			out := engine.Props{"securityGroupRuleId": r.id, "arn": r.arn("ec2", r.region, r.ID, "security-group-rule/"+r.id),
				"ipProtocol": r.spelled("ipProtocol", rule), "tagsAll": (&Meta{Tags: rule.tags}).tagsAll()}
			if rule.Protocol != "-1" {
				out["fromPort"], out["toPort"] = rule.From, rule.To
			}
			for property, key := range modernPeers {
				out[property] = nil
				if rule.peerList() == key {
					out[property] = rule.Peer
				}
			}
			return out
		},
	}
}

func (r *request) modernRule() engine.Props {
	in := engine.Props{"protocol": r.in["ipProtocol"], "fromPort": r.in["fromPort"], "toPort": r.in["toPort"]}
	for from, to := range modernPeers {
		if v := r.str(from); v != "" {
			in[to] = []any{v}
		}
	}
	return in
}

// modernPeers are the peers of the newer kind and what the older kind calls them.
var modernPeers = map[string]string{
	"cidrIpv4": "cidrBlocks", "cidrIpv6": "ipv6CidrBlocks", "prefixListId": "prefixListIds", "referencedSecurityGroupId": "securityGroups",
}

// peerLists are the lists of peers in the older form, in the order of the rules.
var peerLists = []string{"cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"}

// peerList is the list of the older form that a rule's peer belongs to.
func (x GroupRule) peerList() string {
	switch {
	case strings.HasPrefix(x.Peer, "sg-"):
		return "securityGroups"
	case strings.HasPrefix(x.Peer, "pl-"):
		return "prefixListIds"
	case strings.Contains(x.Peer, ":"):
		return "ipv6CidrBlocks"
	}
	return "cidrBlocks"
}

// securityGroupRuleKind is the older kind, which the EKS component uses: one
// resource can stand for several rules.
var securityGroupRuleKind = &kind{
	token:    "aws:ec2/securityGroupRule:SecurityGroupRule",
	required: []string{"fromPort", "protocol", "securityGroupId", "toPort", "type"},
	forceNew: []string{"type", "securityGroupId", "protocol", "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "self", "sourceSecurityGroupId"},
	defaults: engine.Props{"self": false},
	untagged: true,
	check:    func(c *checker) { c.oneOf("type", "ingress", "egress") },
	create: func(r *request) (string, error) {
		g, err := r.group(r.str("securityGroupId"))
		if err != nil {
			return "", err
		}
		ids, err := r.addRules(g, r.in, r.str("type") == "egress", false)
		if err != nil {
			return "", err
		}
		id := "sgrule-" + strings.TrimPrefix(ids[0], "sgr-")
		g.ofResource(ids, id, nil)
		return id, nil
	},
	remove: removeRules,
	outputs: func(r *request) engine.Props {
		g, rules := r.ownRules()
		if len(rules) == 0 {
			return nil
		}
		out := engine.Props{"securityGroupRuleId": "sgr-" + tail(r.id, "-"), "protocol": r.spelled("protocol", rules[0]), "type": "ingress"}
		if rules[0].Egress {
			out["type"] = "egress"
		}
		if rules[0].Protocol != "-1" {
			out["fromPort"], out["toPort"] = rules[0].From, rules[0].To
		}
		peers := map[string][]string{}
		for _, rule := range rules {
			switch {
			case rule.Peer == g.ID && truth(r.in["self"]):
				peers["self"] = []string{g.ID}
			case rule.peerList() == "securityGroups":
				out["sourceSecurityGroupId"] = rule.Peer
			default:
				peers[rule.peerList()] = append(peers[rule.peerList()], rule.Peer)
			}
		}
		for _, key := range peerLists[:3] {
			out[key] = nil
			if len(peers[key]) > 0 {
				out[key] = list(peers[key])
			}
		}
		out["self"] = len(peers["self"]) > 0
		return out
	},
}

func removeRules(r *request) error {
	g := r.ec2.groups[r.str("securityGroupId")]
	g.Rules = slices.DeleteFunc(g.Rules, func(x GroupRule) bool { return x.resource == r.id })
	return nil
}

// ofResource remembers which resource some rules belong to: a URN alone does not
// tell a rule from its replacement.
func (g *SecurityGroup) ofResource(ruleIDs []string, id string, tags map[string]string) {
	for i := range g.Rules {
		if slices.Contains(ruleIDs, g.Rules[i].ID) {
			g.Rules[i].resource, g.Rules[i].tags = id, tags
		}
	}
}

// ownRules are the rules that a rule resource stands for, with their group.
func (r *request) ownRules() (*SecurityGroup, []GroupRule) {
	g := r.ec2.groups[r.str("securityGroupId")]
	if g == nil {
		return nil, nil
	}
	return g, slices.DeleteFunc(slices.Clone(g.Rules), func(x GroupRule) bool { return x.resource != r.id })
}

// spelled is a rule's protocol as the program spells it: "TCP" is "tcp".
func (r *request) spelled(property string, rule GroupRule) string {
	if given := r.str(property); protocol(given) == rule.Protocol {
		return given
	}
	return rule.Protocol
}

// described are the rules that an inline rule, or one in the older form, stands for.
func (g *SecurityGroup) described(in engine.Props, egress bool) []GroupRule {
	var peers []string
	for _, key := range peerLists {
		peers = append(peers, texts(in[key])...)
	}
	if s := text(in["sourceSecurityGroupId"]); s != "" {
		peers = append(peers, s)
	}
	if truth(in["self"]) {
		peers = append(peers, g.ID)
	}
	rules := make([]GroupRule, 0, len(peers))
	for _, peer := range peers {
		rules = append(rules, GroupRule{Egress: egress, Protocol: protocol(text(in["protocol"])), From: number(in["fromPort"]), To: number(in["toPort"]), Peer: peer})
	}
	return rules
}

// addRules adds one rule per peer of a rule in the older form.
func (r *request) addRules(g *SecurityGroup, in engine.Props, egress, inline bool) ([]string, error) {
	described := g.described(in, egress)
	if len(described) == 0 {
		return nil, lawRulePeer.Refuse("InvalidParameterValue", "One of ['cidr_blocks', 'ipv6_cidr_blocks', 'self', 'source_security_group_id', 'prefix_list_ids'] must be set to create an AWS Security Group Rule")
	}
	var ids []string
	rules := slices.Clone(g.Rules)
	for _, rule := range described {
		if err := r.checkPeer(g, rule.Peer); err != nil {
			return nil, err
		}
		rule.ID, rule.URN, rule.Inline = r.newID("sgr"), r.urn, inline
		if slices.ContainsFunc(rules, rule.equals) {
			return nil, lawRuleOnce.Refuse("InvalidPermission.Duplicate", "the specified rule \"peer: %s, %s, ALLOW\" already exists", rule.Peer, rule.ports())
		}
		rules = append(rules, rule)
		ids = append(ids, rule.ID)
	}
	g.Rules = rules
	return ids, nil
}

func (r *request) checkPeer(g *SecurityGroup, peer string) error {
	switch {
	case strings.HasPrefix(peer, "sg-"):
		other := r.ec2.groups[peer]
		if other == nil || other.Region != r.region {
			return lawRulePeer.Refuse("InvalidGroup.NotFound", "The security group '%s' does not exist", peer)
		}
		if other.VPCID != g.VPCID {
			return lawRulePeer.Refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
	case strings.HasPrefix(peer, "pl-"):
		if r.prefixList(r.region, "", peer) == nil {
			return lawRulePeer.Refuse("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", peer)
		}
	default:
		if _, err := netip.ParsePrefix(peer); err != nil {
			return lawRulePeer.Refuse("InvalidParameterValue", "CIDR block %s is malformed", peer)
		}
	}
	return nil
}

func (x GroupRule) equals(y GroupRule) bool {
	return x.Egress == y.Egress && x.Protocol == y.Protocol && x.Peer == y.Peer &&
		(x.Protocol == "-1" || x.From == y.From && x.To == y.To)
}

func (x GroupRule) ports() string {
	if x.Protocol == "-1" {
		return "ALL"
	}
	return fmt.Sprintf("%s, from port: %d, to port: %d", strings.ToUpper(x.Protocol), x.From, x.To)
}

func protocol(s string) string {
	if s == "all" {
		return "-1"
	}
	return strings.ToLower(s)
}
