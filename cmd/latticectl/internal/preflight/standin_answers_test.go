package preflight

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	twiniam "eks-lattice/internal/twin/iam"
)

// items repeats an element.
func items[T any](list []T, format func(T) string) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString("<item>" + format(e) + "</item>")
	}
	return b.String()
}

func tagSet(tags map[string]string) string {
	var b strings.Builder
	for key, value := range tags {
		fmt.Fprintf(&b, "<item><key>%s</key><value>%s</value></item>", key, value)
	}
	return "<tagSet>" + b.String() + "</tagSet>"
}

func (s *standIn) query(w http.ResponseWriter, service, action string, form url.Values) string {
	result := ""
	switch service + ":" + action {
	case "sts:GetCallerIdentity":
		result = fmt.Sprintf("<GetCallerIdentityResult><Arn>%s</Arn><Account>%s</Account></GetCallerIdentityResult>", s.whoami, accountID)
	case "iam:GetRole":
		name := form.Get("RoleName")
		tags, exists := s.roles[name]
		if !exists {
			w.WriteHeader(http.StatusNotFound)
			return "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>none</Message></Error></ErrorResponse>"
		}
		var b strings.Builder
		for key, value := range tags {
			fmt.Fprintf(&b, "<member><Key>%s</Key><Value>%s</Value></member>", key, value)
		}
		result = fmt.Sprintf("<GetRoleResult><Role><RoleName>%s</RoleName><Arn>arn:aws:iam::%s:role/people/%s</Arn><Path>/people/</Path>"+
			"<RoleId>A</RoleId><Tags>%s</Tags></Role></GetRoleResult>", name, accountID, name, b.String())
	case "iam:SimulatePrincipalPolicy":
		result = s.simulate(form)
	case "ec2:DescribeRegions":
		result = "<regionInfo>" + items([]string{"us-east-1", "ap-northeast-2"}, func(name string) string {
			return "<regionName>" + name + "</regionName><optInStatus>" + s.optIn + "</optInStatus>"
		}) + "</regionInfo>"
	default:
		result = s.ec2(action, form)
	}
	return "<" + action + "Response>" + result + "</" + action + "Response>"
}

func (s *standIn) simulate(form url.Values) string {
	if form.Get("PolicySourceArn") != "arn:aws:iam::"+accountID+":role/people/deployer" {
		return ""
	}
	var b strings.Builder
	for i := 1; form.Has(fmt.Sprintf("ActionNames.member.%d", i)); i++ {
		action := form.Get(fmt.Sprintf("ActionNames.member.%d", i))
		decision, organization := s.decide(action, form), ""
		if d := s.denied[action]; d != "" {
			decision = strings.TrimPrefix(d, "organization ")
			if decision != d {
				organization = "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>"
			}
		}
		fmt.Fprintf(&b, "<member><EvalActionName>%s</EvalActionName><EvalDecision>%s</EvalDecision>%s</member>", action, decision, organization)
	}
	return "<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>" + b.String() +
		"</EvaluationResults></SimulatePrincipalPolicyResult>"
}

// decide judges by the policies of the principal, if there are any.
func (s *standIn) decide(action string, form url.Values) string {
	if s.policies == nil {
		return "allowed"
	}
	role := form.Get("PolicySourceArn")
	q := twiniam.NewQuery(twiniam.Principal{ARN: role, RoleARN: role, Account: accountID, Policies: s.policies},
		action, form.Get("ResourceArns.member.1"))
	for i := 1; form.Has(fmt.Sprintf("ContextEntries.member.%d.ContextKeyName", i)); i++ {
		entry := fmt.Sprintf("ContextEntries.member.%d.", i)
		var values []string
		for j := 1; form.Has(fmt.Sprintf("%sContextKeyValues.member.%d", entry, j)); j++ {
			values = append(values, form.Get(fmt.Sprintf("%sContextKeyValues.member.%d", entry, j)))
		}
		q.Context.Set(form.Get(entry+"ContextKeyName"), values...)
	}
	if effect, _ := twiniam.EvaluateIdentity(q); effect == twiniam.Allowed {
		return "allowed"
	}
	return "implicitDeny"
}

// filter is the values of one of EC2's filters.
func filter(form url.Values, name string) (values []string) {
	for i := 1; form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		if form.Get(fmt.Sprintf("Filter.%d.Name", i)) != name {
			continue
		}
		for j := 1; form.Has(fmt.Sprintf("Filter.%d.Value.%d", i, j)); j++ {
			values = append(values, form.Get(fmt.Sprintf("Filter.%d.Value.%d", i, j)))
		}
	}
	return values
}

func (s *standIn) ec2(action string, form url.Values) string {
	switch action {
	case "DescribeAvailabilityZones":
		var zones []string
		for name := range s.zones {
			zones = append(zones, name)
		}
		return "<availabilityZoneInfo>" + items(zones, func(name string) string {
			return "<zoneName>" + name + "</zoneName><zoneId>" + s.zones[name] + "</zoneId>"
		}) + "</availabilityZoneInfo>"
	case "DescribeInstanceTypeOfferings":
		var found []string
		for _, kind := range filter(form, "instance-type") {
			for _, zone := range s.offered[kind] {
				if slices.Contains(filter(form, "location"), zone) {
					found = append(found, "<instanceType>"+kind+"</instanceType><location>"+zone+"</location>")
				}
			}
		}
		return "<instanceTypeOfferingSet>" + items(found, func(x string) string { return x }) + "</instanceTypeOfferingSet>"
	case "DescribeInstanceTypes":
		return "<instanceTypeSet>" + items(filter(form, "instance-type"), func(kind string) string {
			return "<instanceType>" + kind + "</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo>"
		}) + "</instanceTypeSet>"
	case "DescribeManagedPrefixLists":
		asked := filter(form, "prefix-list-name")
		found := slices.DeleteFunc(slices.Clone(s.prefix), func(name string) bool { return !slices.Contains(asked, name) })
		return "<prefixListSet>" + items(found, func(name string) string {
			return "<prefixListName>" + name + "</prefixListName>"
		}) + "</prefixListSet>"
	case "DescribeVpcs":
		return "<vpcSet>" + items(s.vpcs, tagSet) + "</vpcSet>"
	case "DescribeInternetGateways":
		return "<internetGatewaySet>" + items(s.gateways, tagSet) + "</internetGatewaySet>"
	case "DescribeAddresses":
		return "<addressesSet>" + items(s.addresses, tagSet) + "</addressesSet>"
	case "DescribeSubnets":
		var zones []string
		for zone := range s.nats {
			zones = append(zones, zone)
		}
		return "<subnetSet>" + items(zones, func(zone string) string {
			return "<subnetId>in " + zone + "</subnetId><availabilityZone>" + zone + "</availabilityZone>"
		}) + "</subnetSet>"
	case "DescribeNatGateways":
		var all []string
		for zone, n := range s.nats {
			all = append(all, slices.Repeat([]string{zone}, n)...)
		}
		return "<natGatewaySet>" + items(all, func(zone string) string { return "<subnetId>in " + zone + "</subnetId>" }) + "</natGatewaySet>"
	case "DescribeInstances":
		const instance = "<instancesSet><item><instanceType>m5.large</instanceType><cpuOptions><coreCount>1</coreCount>" +
			"<threadsPerCore>2</threadsPerCore></cpuOptions></item></instancesSet>"
		return "<reservationSet>" + strings.Repeat("<item>"+instance+"</item>", s.instances) + "</reservationSet>"
	}
	return ""
}

func (s *standIn) route53(action, path string) string {
	switch action {
	case "GetAccountLimit":
		return fmt.Sprintf("<GetAccountLimitResponse><Limit><Type>MAX_HOSTED_ZONES_BY_OWNER</Type><Value>%d</Value></Limit><Count>%d</Count>"+
			"</GetAccountLimitResponse>", s.zoneLimit, len(s.hosted))
	case "ListHostedZonesByName":
		var b strings.Builder
		for name := range s.hosted {
			fmt.Fprintf(&b, "<HostedZone><Id>/hostedzone/%s</Id><Name>%s.</Name><CallerReference>x</CallerReference>"+
				"<Config><PrivateZone>true</PrivateZone></Config></HostedZone>", name, name)
		}
		return "<ListHostedZonesByNameResponse><HostedZones>" + b.String() +
			"</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>"
	}
	var b strings.Builder
	for key, value := range s.hosted[path[strings.LastIndex(path, "/")+1:]] {
		fmt.Fprintf(&b, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", key, value)
	}
	return "<ListTagsForResourceResponse><ResourceTagSet><Tags>" + b.String() + "</Tags></ResourceTagSet></ListTagsForResourceResponse>"
}

func (s *standIn) json(action string, in map[string]any, path string) (code string, answer map[string]any) {
	list := func(key string, all []map[string]any) map[string]any {
		return map[string]any{key: append([]map[string]any{}, all...)}
	}
	named := func(all map[string]map[string]string) (found []map[string]any) {
		for name := range all {
			found = append(found, map[string]any{"name": name, "arn": "arn:" + name, "logGroupName": name, "logGroupArn": "arn:" + name})
		}
		return found
	}
	last, _ := url.PathUnescape(path[strings.LastIndex(path, "/")+1:])
	switch action {
	case "servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota":
		values := s.quotas
		if strings.Contains(action, "Default") {
			values = s.defaults
		}
		if value, ok := values[textOf(in["QuotaCode"])]; ok {
			return "", map[string]any{"Quota": map[string]any{"Value": value}}
		}
		return "NoSuchResourceException", nil
	case "eks:DescribeClusterVersions":
		var all []map[string]any
		for version, support := range s.versions {
			all = append(all, map[string]any{"clusterVersion": version, "versionStatus": support, "endOfStandardSupportDate": 1806000000})
		}
		return "", list("clusterVersions", all)
	case "eks:ListClusters":
		names := []string{}
		for name := range s.clusters {
			names = append(names, name)
		}
		return "", map[string]any{"clusters": names}
	case "eks:DescribeCluster":
		tags, exists := s.clusters[last]
		if !exists {
			return "ResourceNotFoundException", nil
		}
		return "", map[string]any{"cluster": map[string]any{"name": last, "tags": tags}}
	case "vpc-lattice:ListServiceNetworks":
		return "", list("items", named(s.networks))
	case "vpc-lattice:ListServices":
		return "", list("items", slices.Repeat([]map[string]any{{"name": "x"}}, s.services))
	case "vpc-lattice:ListTagsForResource":
		return "", map[string]any{"tags": s.networks[strings.TrimPrefix(last, "arn:")]}
	case "logs:DescribeLogGroups":
		return "", list("logGroups", named(s.logGroups))
	case "logs:ListTagsForResource":
		return "", map[string]any{"tags": s.logGroups[strings.TrimPrefix(textOf(in["resourceArn"]), "arn:")]}
	}
	return "UnknownOperationException", nil
}
