package components

import "eks-lattice/internal/problem"

// maxInlinePolicy is the maximum number of characters in a role's inline policies.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxInlinePolicy = 10240

// txtPrefix begins the names of a cluster's TXT records, which must differ from
// those of the CNAME records that they mark.
func txtPrefix(cluster string) string { return cluster + "-" }

// externalDNSPolicy lets ExternalDNS write the records of a cluster's own
// applications into the zone, which all clusters share: the CNAME of each, and
// the TXT that marks it. It may delete any CNAME and TXT, because an up that
// deletes an application changes this policy before ExternalDNS deletes the record.
// https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#iam-policy
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
func externalDNSPolicy(zoneARN, cluster, domain string, apps []string) PolicyDocument {
	look := PolicyStatement{
		Action:   Values{"route53:ListResourceRecordSets", "route53:ListTagsForResources"},
		Resource: Values{zoneARN},
	}
	find := PolicyStatement{Action: Values{"route53:ListHostedZones"}, Resource: Values{"*"}}
	if len(apps) == 0 {
		return allow(look, find)
	}
	var names Values
	for _, app := range apps {
		host := app + "." + domain
		names = append(names, host, txtPrefix(cluster)+"cname-"+host)
	}
	return allow(PolicyStatement{
		Action:   Values{"route53:ChangeResourceRecordSets"},
		Resource: Values{zoneARN},
		Condition: PolicyCondition{
			"ForAllValues:StringEquals": {
				"route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
				"route53:ChangeResourceRecordSetsRecordTypes":           {"CNAME", "TXT"},
			},
			// ForAllValues is true for an empty set.
			"Null": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"false"}},
		},
	}, PolicyStatement{
		Action:   Values{"route53:ChangeResourceRecordSets"},
		Resource: Values{zoneARN},
		Condition: PolicyCondition{
			"ForAllValues:StringEquals": {
				"route53:ChangeResourceRecordSetsActions":     {"DELETE"},
				"route53:ChangeResourceRecordSetsRecordTypes": {"CNAME", "TXT"},
			},
			"Null": {"route53:ChangeResourceRecordSetsActions": {"false"}},
		},
	}, look, find)
}

// checkAppNames reports more applications than fit into ExternalDNS's policy.
func (a *LatticeClusterArgs) checkAppNames(found *problem.List) {
	const zone = "arn:aws-us-gov:route53:::hostedzone/Z0123456789ABCDEFGHIJKLMNOPQR"
	if size := len(externalDNSPolicy(zone, a.ClusterName, a.Environment.Domain, a.AppNames).JSON()); size > maxInlinePolicy {
		found.Add("AppNames", len(a.AppNames), "are too many for one cluster: "+
			"the policy that lets ExternalDNS write their names would have %d characters, and IAM allows %d; "+
			"distribute them over several clusters", size, maxInlinePolicy)
	}
}
