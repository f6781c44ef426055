package ec2

import (
	"eks-lattice/internal/twin/aws/cloud"
)

var group = cloud.Self(Groups)

var (
	_ = cloud.DefineCalls("aws:ec2/securityGroup:SecurityGroup", cloud.Calls{
		Create: creating("CreateSecurityGroup", "security-group", inVPC),
		// AWS gives a new group a rule that the provider takes away.
		Created: append(own(group, "ec2:RevokeSecurityGroupEgress"), inlineRules()...),
		Read:    cloud.Reads("ec2:DescribeSecurityGroups"),
		Update:  retagging(group, inlineRules()...),
		Delete: append(cloud.Reads("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
			cloud.Does("ec2:DescribeSecurityGroupRules").Having("revokeRulesOnDelete"),
			cloud.Does("ec2:RevokeSecurityGroupIngress", group).When(revoking(false)),
			cloud.Does("ec2:RevokeSecurityGroupEgress", group).When(revoking(true)),
			cloud.Does("ec2:DeleteSecurityGroup", group)),
	})
	// The provider adopts the group: it tags it and takes its rules away. Nothing
	// about the group belongs to the program before it has its tags.
	_ = cloud.DefineCalls("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", cloud.Calls{
		Create: append(cloud.Reads("ec2:DescribeSecurityGroups"), cloud.Does("ec2:CreateTags", defaultGroup).Tagged()),
		Created: append(append(cloud.Reads("ec2:DescribeSecurityGroupRules"),
			own(group, "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress")...), inlineRules()...),
		Read:   cloud.Reads("ec2:DescribeSecurityGroups"),
		Update: retagging(group, inlineRules()...),
	})
	_ = cloud.DefineCalls("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", ruleCalls("Ingress"))
	_ = cloud.DefineCalls("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", ruleCalls("Egress"))
	_ = cloud.DefineCalls("aws:ec2/securityGroupRule:SecurityGroupRule", cloud.Calls{
		Create: directed("Authorize"),
		Read:   cloud.Reads("ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules"),
		Delete: directed("Revoke"),
	})
)

var ruleOfGroup = cloud.Of(Groups, "securityGroupId")

// directed is the call for rules of the older type, in their direction.
func directed(verb string) []cloud.Call {
	return []cloud.Call{
		cloud.Does("ec2:"+verb+"SecurityGroupIngress", ruleOfGroup).When(func(r *cloud.Request) bool { return r.Str("type") != "egress" }),
		cloud.Does("ec2:"+verb+"SecurityGroupEgress", ruleOfGroup).When(func(r *cloud.Request) bool { return r.Str("type") == "egress" }),
	}
}

// ruleCalls are those of the newer types, whose rules have tags.
func ruleCalls(direction string) cloud.Calls {
	const rule = "security-group-rule"
	return cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("ec2:AuthorizeSecurityGroup"+direction, ruleOfGroup, cloud.Fresh("ec2", rule)),
			tagging("AuthorizeSecurityGroup"+direction, cloud.Fresh("ec2", rule)),
		},
		Read: cloud.Reads("ec2:DescribeSecurityGroupRules"),
		Update: retagging(taggedRule, cloud.Does("ec2:ModifySecurityGroupRules", ruleOfGroup, taggedRule).
			Changing("description", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")),
		Delete: []cloud.Call{cloud.Does("ec2:RevokeSecurityGroup"+direction, ruleOfGroup)},
	}
}

// taggedRule is the rule that a request is about.
func taggedRule(r *cloud.Request) (list []cloud.Target) {
	for _, rule := range rulesOf(r) {
		list = append(list, cloud.Existing(&cloud.Meta{ARN: r.ARN("ec2", "security-group-rule/"+r.ID), Tags: rule.tags}))
	}
	return list
}

// inlineRules are the calls for the rules in a group's own inputs.
func inlineRules() []cloud.Call {
	changed := func(key string) func(r *cloud.Request) bool {
		return func(r *cloud.Request) bool { return r.Changed(key) && len(r.Objs(key)) > 0 }
	}
	return []cloud.Call{
		cloud.Does("ec2:AuthorizeSecurityGroupIngress", group).When(changed("ingress")),
		cloud.Does("ec2:AuthorizeSecurityGroupEgress", group).When(changed("egress")),
		cloud.Does("ec2:RevokeSecurityGroupIngress", group).When(func(r *cloud.Request) bool { return r.Changed("ingress") && r.Old != nil }),
		cloud.Does("ec2:RevokeSecurityGroupEgress", group).When(func(r *cloud.Request) bool { return r.Changed("egress") && r.Old != nil }),
	}
}

// revoking reports whether a deletion takes rules of a direction away first.
func revoking(egress bool) func(r *cloud.Request) bool {
	return func(r *cloud.Request) bool {
		if !r.Flag("revokeRulesOnDelete") {
			return false
		}
		for _, rule := range Groups.Get(r.Account, r.ID).Rules {
			if rule.Egress == egress {
				return true
			}
		}
		return false
	}
}

// defaultGroup is the default group of the VPC that a request names.
func defaultGroup(r *cloud.Request) []cloud.Target {
	v := VPCs.Get(r.Account, r.Str("vpcId"))
	if v == nil {
		return nil
	}
	return Group(r.Account, v.DefaultGroup)
}
