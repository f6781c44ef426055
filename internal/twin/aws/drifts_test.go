package aws_test

import (
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/acmpca"
	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/aws/logs"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
)

const denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`

// deploy creates everything that drifts.
func deploy(p *program) {
	p.T.Helper()
	p.Environment()
	p.Cluster("")
	p.Up(awstest.VPC, "foreign", engine.Props{"cidrBlock": "10.9.0.0/16"})
	p.Up(awstest.VPCAssociation, "association", engine.Props{"serviceNetworkIdentifier": p.ID("network"), "vpcIdentifier": p.ID("vpc")})
	p.Up(awstest.SecurityGroup, "inline", engine.Props{"vpcId": p.ID("vpc"), "ingress": []any{
		engine.Props{"protocol": "TCP", "fromPort": 80, "toPort": 80, "cidrBlocks": []string{"10.0.0.0/16", "10.1.0.0/16"}}}})
	p.Up(awstest.SecurityGroup, "group", engine.Props{"vpcId": p.ID("vpc")})
	p.Up(awstest.IngressRule, "ingress",
		engine.Props{"securityGroupId": p.ID("group"), "ipProtocol": "TCP", "fromPort": 80, "toPort": 80, "cidrIpv4": "10.0.0.0/16"})
	p.Up(awstest.SecurityGroupRule, "rule",
		engine.Props{"securityGroupId": p.ID("group"), "type": "egress", "protocol": "all", "fromPort": 0, "toPort": 0,
			"cidrBlocks": []string{"0.0.0.0/0"}})
	p.Up(awstest.RouteTable, "table",
		engine.Props{"vpcId": p.ID("vpc"), "routes": []any{engine.Props{"cidrBlock": "0.0.0.0/0", "gatewayId": p.ID("igw")}}})
	p.Up(awstest.VPCEndpoint, "s3",
		engine.Props{"vpcId": p.ID("vpc"), "serviceName": "com.amazonaws.ap-northeast-2.s3",
			"routeTableIds": []string{p.ID("private"), p.ID("table")}})
	p.Up(awstest.LaunchTemplate, "template", engine.Props{"vpcSecurityGroupIds": []string{p.ID("group")}})
	p.Up(awstest.Policy, "policy", engine.Props{"policy": awstest.Allowing("s3:*")})
	p.Up(awstest.Role, "app",
		engine.Props{"assumeRolePolicy": awstest.Trust(awstest.PodIdentityService), "managedPolicyArns": []string{p.ID("policy")},
			"inlinePolicies": []any{engine.Props{"name": "own", "policy": awstest.Allowing("s3:*")}}})
	p.Up(awstest.PodIdentityAssociation, "pods",
		engine.Props{"clusterName": p.ID("cluster"), "namespace": "apps", "serviceAccount": "app", "roleArn": p.Get("client-role", "arn")})
	p.Up(awstest.AccessEntry, "entry",
		engine.Props{"clusterName": p.ID("cluster"), "principalArn": p.Get("app", "arn"), "kubernetesGroups": []string{"b", "a"}})
	p.Up(awstest.AccessPolicyAssociation, "access", engine.Props{"clusterName": p.ID("cluster"), "principalArn": p.Get("app", "arn"),
		"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "accessScope": engine.Props{"type": "cluster"}})
	p.Up(awstest.Record, "record",
		engine.Props{"zoneId": p.ID("zone"), "name": "a", "type": "CNAME", "ttl": 60, "records": []string{"b.example.com"}})
	p.Up(awstest.Role, "flow-role", engine.Props{"assumeRolePolicy": awstest.Trust(awstest.FlowLogsService)})
	p.Up(awstest.Key, "key", engine.Props{"enableKeyRotation": true})
	ec2.AddTransitGateway(p.Account.Account, "tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
	p.Up(awstest.TransitAttachment, "attachment",
		engine.Props{"transitGatewayId": "tgw-1", "vpcId": p.ID("vpc"), "subnetIds": p.PrivateSubnets("")})
	p.Up(awstest.Route, "to-hub",
		engine.Props{"routeTableId": p.ID("private"), "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": "tgw-1"})
	p.Up(awstest.LogGroup, "logs", engine.Props{"name": "logs", "retentionInDays": 30})
	p.Up(awstest.FlowLog, "flows",
		engine.Props{"vpcId": p.ID("vpc"), "iamRoleArn": p.Get("flow-role", "arn"), "logDestination": p.Get("logs", "arn"), "trafficType": "ALL"})
}

// A drift is what another party does to a resource.
type drift struct {
	what, name string
	keys       string // that differ, none for what is no difference
	keeps      bool   // an update cannot take it back in place
	drift      func(p *program, a *account)
}

var drifts = []drift{
	{what: "a VPC of another stack", name: "zone", keys: "vpcs", drift: func(p *program, a *account) {
		z := route53.Zones.Get(a, p.ID("zone"))
		z.VPCs = append([]route53.ZoneVPC{{VPCID: p.ID("foreign")}}, z.VPCs...)
	}},
	{what: "a record of ExternalDNS", name: "zone", drift: func(p *program, a *account) {
		z := route53.Zones.Get(a, p.ID("zone"))
		z.Records = append(z.Records, route53.Record{Name: "x.example.com.", Type: "A"})
	}},
	{what: "another policy", name: "network-policy", keys: "policy", drift: func(p *program, a *account) {
		vpclattice.Networks.Get(a, p.ID("network")).Policy = denyAll
	}},
	{what: "the policy, spelled otherwise", name: "network-policy", drift: func(p *program, a *account) {
		policy := &vpclattice.Networks.Get(a, p.ID("network")).Policy
		*policy = strings.NewReplacer(`:{"AWS":"*"}`, `: {"AWS": ["*"]}`, `"vpc-lattice-svcs:Invoke"`,
			`["vpc-lattice-svcs:Invoke"]`).Replace(*policy)
	}},
	{what: "no authentication", name: "network", keys: "authType", drift: func(p *program, a *account) {
		vpclattice.Networks.Get(a, p.ID("network")).AuthType = lattice.AuthNone
	}},
	{what: "a tag more", name: "network", keys: "tagsAll", drift: func(p *program, a *account) {
		vpclattice.Networks.Get(a, p.ID("network")).Tags["x"] = "y"
	}},
	{what: "a tag of AWS's own", name: "network", drift: func(p *program, a *account) {
		vpclattice.Networks.Get(a, p.ID("network")).Tags["aws:x"] = "y"
	}},
	{what: "a tag less", name: "vpc", keys: "tagsAll", drift: func(p *program, a *account) { ec2.VPCs.Get(a, p.ID("vpc")).Tags = nil }},
	{what: "groups", name: "association", drift: func(p *program, a *account) {
		vpclattice.VPCAssociations.Get(a, p.ID("association")).SecurityGroupIDs = []string{p.ID("group")} // the program gave none
	}},
	{what: "DNS names off", name: "vpc", keys: "enableDnsHostnames", drift: func(p *program, a *account) {
		ec2.VPCs.Get(a, p.ID("vpc")).DNSHostnames = false
	}},
	{what: "public addresses off", name: "public-a", keys: "mapPublicIpOnLaunch", drift: func(p *program, a *account) {
		ec2.Subnets.Get(a, p.ID("public-a")).MapPublicIP = false
	}},
	{what: "another gateway", name: "private-out", keys: "natGatewayId", drift: func(p *program, a *account) {
		route := &ec2.RouteTables.Get(a, p.ID("private")).Routes[0]
		route.NATID, route.GatewayID = "", p.ID("igw")
	}},
	{what: "a route more", name: "table", keys: "routes", drift: func(p *program, a *account) {
		table := ec2.RouteTables.Get(a, p.ID("table"))
		table.Routes = append([]ec2.Route{{Destination: "10.7.0.0/16", GatewayID: p.ID("igw")}}, table.Routes...)
	}},
	{what: "a table less", name: "s3", keys: "routeTableIds", drift: func(p *program, a *account) {
		e := ec2.Endpoints.Get(a, p.ID("s3"))
		e.TableIDs = e.TableIDs[:1]
	}},
	{what: "a rule more", name: "inline", keys: "ingress", drift: func(p *program, a *account) {
		g := ec2.Groups.Get(a, p.ID("inline"))
		g.Rules = append([]ec2.GroupRule{{Protocol: "-1", Peer: "0.0.0.0/0"}}, g.Rules...)
	}},
	{what: "a block less", name: "inline", keys: "ingress", drift: func(p *program, a *account) {
		g := ec2.Groups.Get(a, p.ID("inline"))
		g.Rules = g.Rules[1:]
	}},
	{what: "a rule of another resource", name: "group", drift: func(p *program, a *account) {
		g := ec2.Groups.Get(a, p.ID("group"))
		g.Rules = append(g.Rules, ec2.GroupRule{Protocol: "-1", Peer: "0.0.0.0/0"})
	}},
	{what: "another port", name: "ingress", keys: "toPort", drift: func(p *program, a *account) {
		ec2.Groups.Get(a, p.ID("group")).Rules[0].To = 90
	}},
	{what: "another peer", name: "ingress", keys: "cidrIpv4", drift: func(p *program, a *account) {
		ec2.Groups.Get(a, p.ID("group")).Rules[0].Peer = p.ID("group")
	}},
	{what: "another block", name: "rule", keys: "cidrBlocks", keeps: true, drift: func(p *program, a *account) {
		ec2.Groups.Get(a, p.ID("group")).Rules[1].Peer = "10.0.0.0/8"
	}},
	{what: "a later version", name: "template", keys: "vpcSecurityGroupIds", drift: func(p *program, a *account) {
		lt := ec2.LaunchTemplates.Get(a, p.ID("template"))
		lt.Versions = append(lt.Versions, engine.Props{"vpcSecurityGroupIds": []any{}})
	}},
	{what: "another trust", name: "client-role", keys: "assumeRolePolicy", drift: func(p *program, a *account) {
		roles.Roles.Get(a, p.ID("client-role")).Trust = awstest.Trust("ec2.amazonaws.com")
	}},
	{what: "another text", name: "client-policy", keys: "policy", drift: func(p *program, a *account) {
		for name, doc := range roles.Roles.Get(a, p.ID("client-role")).Inline {
			doc.Text = awstest.Allowing("*")
			roles.Roles.Get(a, p.ID("client-role")).Inline[name] = doc
		}
	}},
	{what: "a policy more on a role without a list", name: "client-role", drift: func(p *program, a *account) {
		roles.Roles.Get(a, p.ID("client-role")).Inline["x"] = iam.Document{Name: "x", Text: awstest.Allowing("*")}
	}},
	{what: "an inline policy more", name: "app", keys: "inlinePolicies", drift: func(p *program, a *account) {
		roles.Roles.Get(a, p.ID("app")).Inline["a"] = iam.Document{Name: "a", Text: awstest.Allowing("*")}
	}},
	{what: "a managed policy more", name: "app", keys: "managedPolicyArns", drift: func(p *program, a *account) {
		roles.Roles.Get(a, p.ID("app")).Attached["arn:aws:iam::aws:policy/AdministratorAccess"] = "x"
	}},
	{what: "another text", name: "policy", keys: "policy", drift: func(p *program, a *account) {
		roles.Policies.Get(a, p.ID("policy")).Text = awstest.Allowing("*")
	}},
	{what: "more nodes", name: "nodes", keys: "scalingConfig", drift: func(p *program, a *account) {
		ng := (eks.EKS{Account: a}).NodeGroups(p.ID("cluster"))[0]
		ng.Desired, ng.Maximum = 7, 9
	}},
	{what: "another authentication mode", name: "cluster", keys: "accessConfig", drift: func(p *program, a *account) {
		eks.Clusters.Get(a, p.ID("cluster")).AuthMode = "API_AND_CONFIG_MAP"
	}},
	{what: "subnets in another order", name: "cluster", drift: func(p *program, a *account) {
		ids := eks.Clusters.Get(a, p.ID("cluster")).SubnetIDs
		ids[0], ids[1] = ids[1], ids[0]
	}},
	{what: "a later version that the program does not name", name: "vpc-cni", drift: func(p *program, a *account) {
		eks.Addons.Get(a, p.ID("vpc-cni")).Version = "v9.9.9-eksbuild.1"
	}},
	{what: "another role", name: "pods", keys: "roleArn", drift: func(p *program, a *account) {
		eks.Associations.Get(a, p.ID("pods")).RoleARN = p.Get("app", "arn")
	}},
	{what: "other groups", name: "entry", keys: "kubernetesGroups", drift: func(p *program, a *account) {
		eks.Entries.Get(a, p.ID("entry")).Groups = []string{"a"}
	}},
	{what: "groups in another order", name: "entry", drift: func(p *program, a *account) {
		eks.Entries.Get(a, p.ID("entry")).Groups = []string{"a", "b"}
	}},
	{what: "another scope", name: "access", keys: "accessScope", keeps: true, drift: func(p *program, a *account) {
		entry := eks.Entries.Get(a, p.ID("entry"))
		entry.Policies[0].Scope, entry.Policies[0].Namespaces = "namespace", []string{"apps"}
	}},
	{what: "another target", name: "record", keys: "records", drift: func(p *program, a *account) {
		route53.Zones.Get(a, p.ID("zone")).Records[0].Values = []string{"c.example.com"}
	}},
	{what: "kept longer", name: "logs", keys: "retentionInDays", drift: func(_ *program, a *account) {
		logs.Groups.Get(a, "logs").Retention = 60
	}},
	{what: "a key that is disabled", name: "key", keys: "isEnabled", drift: func(p *program, a *account) {
		kms.Keys.Get(a, p.ID("key")).Enabled = false
	}},
	{what: "a key that is not rotated", name: "key", keys: "enableKeyRotation", drift: func(p *program, a *account) {
		kms.Keys.Get(a, p.ID("key")).Rotated = false
	}},
	{what: "a tag less", name: "flows", keys: "tagsAll", drift: func(p *program, a *account) {
		ec2.FlowLogs.Get(a, p.ID("flows")).Tags = nil
	}},
	{what: "a subnet less", name: "attachment", keys: "subnetIds", drift: func(p *program, a *account) {
		ec2.TransitAttachments.Get(a, p.ID("attachment")).SubnetIDs = p.PrivateSubnets("")[:1]
	}},
	{what: "another gateway", name: "to-hub", keys: "transitGatewayId", drift: func(p *program, a *account) {
		routes := ec2.RouteTables.Get(a, p.ID("private")).Routes
		at := slices.IndexFunc(routes, func(x ec2.Route) bool { return x.TransitID != "" })
		routes[at].TransitID, routes[at].GatewayID = "", p.ID("igw")
	}},
	{what: "no private endpoint", name: "cluster", keys: "vpcConfig", drift: func(p *program, a *account) {
		eks.Clusters.Get(a, p.ID("cluster")).PrivateAccess = false
	}},
	{what: "disabled", name: "ca", keys: "enabled", drift: func(p *program, a *account) {
		acmpca.Authorities.Get(a, p.ID("ca")).Status = "DISABLED"
	}},
	{what: "other permissions", name: "ca-permission", keys: "actions", keeps: true, drift: func(p *program, a *account) {
		acmpca.Authorities.Get(a, p.ID("ca")).Permissions["acm.amazonaws.com"] = []string{"IssueCertificate"}
	}},
}
