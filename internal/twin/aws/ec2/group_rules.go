package ec2

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
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

// described are the rules that an inline rule, or one in the older form, stands for.
func (g *SecurityGroup) described(in engine.Props, egress bool) []GroupRule {
	var peers []string
	for _, key := range peerLists {
		peers = append(peers, cloud.Texts(in[key])...)
	}
	if s := cloud.Text(in["sourceSecurityGroupId"]); s != "" {
		peers = append(peers, s)
	}
	if cloud.Truth(in["self"]) {
		peers = append(peers, g.ID)
	}
	rules := make([]GroupRule, 0, len(peers))
	for _, peer := range peers {
		rules = append(rules, GroupRule{Egress: egress, Protocol: protocol(cloud.Text(in["protocol"])),
			From: cloud.Number(in["fromPort"]), To: cloud.Number(in["toPort"]), Peer: peer})
	}
	return rules
}

// addRules adds one rule per peer of a rule in the older form.
func (g *SecurityGroup) addRules(r *cloud.Request, in engine.Props, egress, inline bool) ([]string, error) {
	described := g.described(in, egress)
	if len(described) == 0 {
		return nil, lawRulePeer.Refuse("InvalidParameterValue", "One of ['cidr_blocks', 'ipv6_cidr_blocks', 'self', "+
			"'source_security_group_id', 'prefix_list_ids'] must be set to create an AWS Security Group Rule")
	}
	var ids []string
	rules := slices.Clone(g.Rules)
	for _, rule := range described {
		if err := g.checkPeer(r, rule.Peer); err != nil {
			return nil, err
		}
		rule.ID, rule.URN, rule.Inline = r.NewID("sgr"), r.URN, inline
		if slices.ContainsFunc(rules, rule.equals) {
			return nil, lawRuleOnce.Refuse("InvalidPermission.Duplicate",
				"the specified rule \"peer: %s, %s, ALLOW\" already exists", rule.Peer, rule.ports())
		}
		rules = append(rules, rule)
		ids = append(ids, rule.ID)
	}
	g.Rules = rules
	return ids, nil
}

func (g *SecurityGroup) checkPeer(r *cloud.Request, peer string) error {
	switch {
	case strings.HasPrefix(peer, "sg-"):
		other, err := Groups.Find(r, peer)
		if err != nil {
			return lawRulePeer.Refuse("InvalidGroup.NotFound", "The security group '%s' does not exist", peer)
		}
		if other.VPCID != g.VPCID {
			return lawRulePeer.Refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
	case strings.HasPrefix(peer, "pl-"):
		if prefixList(r.Account, r.Region, "", peer) == nil {
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

// admitsTCP reports whether a rule is about TCP and a port.
func (x GroupRule) admitsTCP(port int) bool {
	return x.Protocol == "-1" || x.Protocol == "tcp" && x.From <= port && port <= x.To
}

// Admits reports whether one of the groups admits an address to a TCP port, and by
// which rule. carried are the groups that the address itself carries.
func Admits(a *cloud.Account, groupIDs []string, from netip.Addr, port int, carried ...string) (ruleURN string, ok bool) {
	for _, id := range groupIDs {
		for _, rule := range Groups.Get(a, id).Rules {
			if rule.Egress || !rule.admitsTCP(port) {
				continue
			}
			block, err := netip.ParsePrefix(rule.Peer)
			if err == nil && block.Contains(from) || slices.Contains(carried, rule.Peer) {
				return rule.URN, true
			}
		}
	}
	return "", false
}

// PrefixListReachable reports whether a security group admits VPC Lattice's prefix
// list of the address family (4 or 6) to a TCP port, and by which rule.
func PrefixListReachable(a *cloud.Account, groupID string, family, port int) (ruleURN string, ok bool) {
	g := Groups.Get(a, groupID)
	if g == nil {
		return "", false
	}
	name := "com.amazonaws." + g.Region + ".vpc-lattice"
	if family == 6 {
		name = "com.amazonaws." + g.Region + ".ipv6.vpc-lattice"
	}
	list := prefixList(a, g.Region, name, "")
	lattice := netip.MustParsePrefix(list.Entries[0])
	for _, rule := range g.Rules {
		block, err := netip.ParsePrefix(rule.Peer)
		covers := err == nil && block.Bits() <= lattice.Bits() && block.Contains(lattice.Addr())
		if !rule.Egress && rule.admitsTCP(port) && (rule.Peer == list.ID || covers) {
			return rule.URN, true
		}
	}
	return "", false
}
