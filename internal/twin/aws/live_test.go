package aws

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
)

const denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`

// account makes everything that TestDrift drifts.
func (p *program) account() {
	p.t.Helper()
	p.environment()
	p.cluster("")
	p.up(tVPC, "foreign", engine.Props{"cidrBlock": "10.9.0.0/16"})
	p.up(tAssoc, "association", engine.Props{"serviceNetworkIdentifier": p.id("network"), "vpcIdentifier": p.id("vpc")})
	p.up(tGroup, "inline", engine.Props{"vpcId": p.id("vpc"), "ingress": []any{
		engine.Props{"protocol": "TCP", "fromPort": 80, "toPort": 80, "cidrBlocks": []string{"10.0.0.0/16", "10.1.0.0/16"}}}})
	p.up(tGroup, "group", engine.Props{"vpcId": p.id("vpc")})
	p.up(tIngress, "ingress", engine.Props{"securityGroupId": p.id("group"), "ipProtocol": "TCP", "fromPort": 80, "toPort": 80, "cidrIpv4": "10.0.0.0/16"})
	p.up(tOldRule, "rule", engine.Props{"securityGroupId": p.id("group"), "type": "egress", "protocol": "all", "fromPort": 0, "toPort": 0, "cidrBlocks": []string{"0.0.0.0/0"}})
	p.up(tTable, "table", engine.Props{"vpcId": p.id("vpc"), "routes": []any{engine.Props{"cidrBlock": "0.0.0.0/0", "gatewayId": p.id("igw")}}})
	p.up(tVPCE, "s3", engine.Props{"vpcId": p.id("vpc"), "serviceName": "com.amazonaws.ap-northeast-2.s3", "routeTableIds": []string{p.id("private"), p.id("table")}})
	p.up(tLaunch, "template", engine.Props{"vpcSecurityGroupIds": []string{p.id("group")}})
	p.up(tPolicy, "policy", engine.Props{"policy": allowing("s3:*")})
	p.up(tRole, "app", engine.Props{"assumeRolePolicy": trust(podIdentityService), "managedPolicyArns": []string{p.id("policy")},
		"inlinePolicies": []any{engine.Props{"name": "own", "policy": allowing("s3:*")}}})
	p.up(tPodID, "pods", engine.Props{"clusterName": p.id("cluster"), "namespace": "apps", "serviceAccount": "app", "roleArn": p.get("client-role", "arn")})
	p.up(tEntry, "entry", engine.Props{"clusterName": p.id("cluster"), "principalArn": p.get("app", "arn"), "kubernetesGroups": []string{"b", "a"}})
	p.up(tAccess, "access", engine.Props{"clusterName": p.id("cluster"), "principalArn": p.get("app", "arn"),
		"policyArn": clusterAdminPolicy, "accessScope": engine.Props{"type": "cluster"}})
	p.up(tRecord, "record", engine.Props{"zoneId": p.id("zone"), "name": "a", "type": "CNAME", "ttl": 60, "records": []string{"b.example.com"}})
	p.up(tRole, "flow-role", engine.Props{"assumeRolePolicy": trust(flowLogsService)})
	p.up(tKey, "key", engine.Props{"enableKeyRotation": true})
	p.a.AddTransitGateway("tgw-1", netip.MustParsePrefix("10.200.0.0/16"))
	p.up(tTransit, "attachment", engine.Props{"transitGatewayId": "tgw-1", "vpcId": p.id("vpc"), "subnetIds": p.privateSubnets("")})
	p.up(tRoute, "to-hub", engine.Props{"routeTableId": p.id("private"), "destinationCidrBlock": "10.200.0.0/16", "transitGatewayId": "tgw-1"})
	p.up(tLogs, "logs", engine.Props{"name": "logs", "retentionInDays": 30})
	p.up(tFlowLog, "flows", engine.Props{"vpcId": p.id("vpc"), "iamRoleArn": p.get("flow-role", "arn"), "logDestination": p.get("logs", "arn"), "trafficType": "ALL"})
}

// What another party does to a property that the program gave is a difference
// after a refresh; an update takes it back.
func TestDrift(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, name string
		keys       string // that differ, none for what is no difference
		keeps      bool   // an update cannot take it back in place
		drift      func(p *program, a *Account)
	}{
		{what: "a VPC of another stack", name: "zone", keys: "vpcs", drift: func(p *program, a *Account) {
			z := a.dns.zones[p.id("zone")]
			z.VPCs = append([]ZoneVPC{{VPCID: p.id("foreign")}}, z.VPCs...)
		}},
		{what: "a record of ExternalDNS", name: "zone", drift: func(p *program, a *Account) {
			z := a.dns.zones[p.id("zone")]
			z.Records = append(z.Records, Record{Name: "x.example.com.", Type: "A"})
		}},
		{what: "another policy", name: "network-policy", keys: "policy", drift: func(p *program, a *Account) { a.net.networks[p.id("network")].Policy = denyAll }},
		{what: "the policy, spelled otherwise", name: "network-policy", drift: func(p *program, a *Account) {
			policy := &a.net.networks[p.id("network")].Policy
			*policy = strings.NewReplacer(`:{"AWS":"*"}`, `: {"AWS": ["*"]}`, `"vpc-lattice-svcs:Invoke"`, `["vpc-lattice-svcs:Invoke"]`).Replace(*policy)
		}},
		{what: "no authentication", name: "network", keys: "authType", drift: func(p *program, a *Account) { a.net.networks[p.id("network")].AuthType = lattice.AuthNone }},
		{what: "a tag more", name: "network", keys: "tagsAll", drift: func(p *program, a *Account) { a.net.networks[p.id("network")].Tags["x"] = "y" }},
		{what: "a tag of AWS's own", name: "network", drift: func(p *program, a *Account) { a.net.networks[p.id("network")].Tags["aws:x"] = "y" }},
		{what: "a tag less", name: "vpc", keys: "tagsAll", drift: func(p *program, a *Account) { a.ec2.vpcs[p.id("vpc")].Tags = nil }},
		{what: "groups", name: "association", drift: func(p *program, a *Account) {
			a.net.vpcs[p.id("association")].SecurityGroupIDs = []string{p.id("group")} // the program gave none
		}},
		{what: "DNS names off", name: "vpc", keys: "enableDnsHostnames", drift: func(p *program, a *Account) { a.ec2.vpcs[p.id("vpc")].DNSHostnames = false }},
		{what: "public addresses off", name: "public-a", keys: "mapPublicIpOnLaunch", drift: func(p *program, a *Account) { a.ec2.subnets[p.id("public-a")].MapPublicIP = false }},
		{what: "another gateway", name: "private-out", keys: "natGatewayId", drift: func(p *program, a *Account) {
			route := &a.ec2.tables[p.id("private")].Routes[0]
			route.NATID, route.GatewayID = "", p.id("igw")
		}},
		{what: "a route more", name: "table", keys: "routes", drift: func(p *program, a *Account) {
			table := a.ec2.tables[p.id("table")]
			table.Routes = append([]Route{{Destination: "10.7.0.0/16", GatewayID: p.id("igw")}}, table.Routes...)
		}},
		{what: "a table less", name: "s3", keys: "routeTableIds", drift: func(p *program, a *Account) {
			e := a.ec2.endpoints[p.id("s3")]
			e.TableIDs = e.TableIDs[:1]
		}},
		{what: "a rule more", name: "inline", keys: "ingress", drift: func(p *program, a *Account) {
			g := a.ec2.groups[p.id("inline")]
			g.Rules = append([]GroupRule{{Protocol: "-1", Peer: "0.0.0.0/0"}}, g.Rules...)
		}},
		{what: "a block less", name: "inline", keys: "ingress", drift: func(p *program, a *Account) {
			g := a.ec2.groups[p.id("inline")]
			g.Rules = g.Rules[1:]
		}},
		{what: "a rule of another resource", name: "group", drift: func(p *program, a *Account) {
			g := a.ec2.groups[p.id("group")]
			g.Rules = append(g.Rules, GroupRule{Protocol: "-1", Peer: "0.0.0.0/0"})
		}},
		{what: "another port", name: "ingress", keys: "toPort", drift: func(p *program, a *Account) { a.ec2.groups[p.id("group")].Rules[0].To = 90 }},
		{what: "another peer", name: "ingress", keys: "cidrIpv4", drift: func(p *program, a *Account) {
			a.ec2.groups[p.id("group")].Rules[0].Peer = p.id("group")
		}},
		{what: "another block", name: "rule", keys: "cidrBlocks", keeps: true, drift: func(p *program, a *Account) { a.ec2.groups[p.id("group")].Rules[1].Peer = "10.0.0.0/8" }},
		{what: "a later version", name: "template", keys: "vpcSecurityGroupIds", drift: func(p *program, a *Account) {
			lt := a.ec2.templates[p.id("template")]
			lt.Versions = append(lt.Versions, engine.Props{"vpcSecurityGroupIds": []any{}})
		}},
		{what: "another trust", name: "client-role", keys: "assumeRolePolicy", drift: func(p *program, a *Account) {
			a.iam.roles[p.id("client-role")].Trust = trust("ec2.amazonaws.com")
		}},
		{what: "another text", name: "client-policy", keys: "policy", drift: func(p *program, a *Account) {
			for name, doc := range a.iam.roles[p.id("client-role")].Inline {
				doc.Text = allowing("*")
				a.iam.roles[p.id("client-role")].Inline[name] = doc
			}
		}},
		{what: "a policy more on a role without a list", name: "client-role", drift: func(p *program, a *Account) {
			a.iam.roles[p.id("client-role")].Inline["x"] = iam.Document{Name: "x", Text: allowing("*")}
		}},
		{what: "an inline policy more", name: "app", keys: "inlinePolicies", drift: func(p *program, a *Account) {
			a.iam.roles[p.id("app")].Inline["a"] = iam.Document{Name: "a", Text: allowing("*")}
		}},
		{what: "a managed policy more", name: "app", keys: "managedPolicyArns", drift: func(p *program, a *Account) {
			a.iam.roles[p.id("app")].Attached["arn:aws:iam::aws:policy/AdministratorAccess"] = "x"
		}},
		{what: "another text", name: "policy", keys: "policy", drift: func(p *program, a *Account) { a.iam.policies[p.id("policy")].Text = allowing("*") }},
		{what: "more nodes", name: "nodes", keys: "scalingConfig", drift: func(p *program, a *Account) {
			ng := a.NodeGroups(p.id("cluster"))[0]
			ng.Desired, ng.Most = 7, 9
		}},
		{what: "another authentication mode", name: "cluster", keys: "accessConfig", drift: func(p *program, a *Account) {
			a.eks.clusters[p.id("cluster")].AuthMode = "API_AND_CONFIG_MAP"
		}},
		{what: "subnets in another order", name: "cluster", drift: func(p *program, a *Account) {
			ids := a.eks.clusters[p.id("cluster")].SubnetIDs
			ids[0], ids[1] = ids[1], ids[0]
		}},
		{what: "a later version that the program does not name", name: "vpc-cni", drift: func(p *program, a *Account) {
			a.eks.addons[p.id("vpc-cni")].Version = "v9.9.9-eksbuild.1"
		}},
		{what: "another role", name: "pods", keys: "roleArn", drift: func(p *program, a *Account) { a.eks.associations[p.id("pods")].RoleARN = p.get("app", "arn") }},
		{what: "other groups", name: "entry", keys: "kubernetesGroups", drift: func(p *program, a *Account) { a.eks.entries[p.id("entry")].Groups = []string{"a"} }},
		{what: "groups in another order", name: "entry", drift: func(p *program, a *Account) { a.eks.entries[p.id("entry")].Groups = []string{"a", "b"} }},
		{what: "another scope", name: "access", keys: "accessScope", keeps: true, drift: func(p *program, a *Account) {
			entry := a.eks.entries[p.id("entry")]
			entry.Policies[0].Scope, entry.Policies[0].Namespaces = "namespace", []string{"apps"}
		}},
		{what: "another target", name: "record", keys: "records", drift: func(p *program, a *Account) {
			a.dns.zones[p.id("zone")].Records[0].Values = []string{"c.example.com"}
		}},
		{what: "kept longer", name: "logs", keys: "retentionInDays", drift: func(_ *program, a *Account) { a.logs["logs"].Retention = 60 }},
		{what: "a key that is disabled", name: "key", keys: "isEnabled", drift: func(p *program, a *Account) { a.keys[p.id("key")].Enabled = false }},
		{what: "a key that is not rotated", name: "key", keys: "enableKeyRotation", drift: func(p *program, a *Account) { a.keys[p.id("key")].Rotated = false }},
		{what: "a tag less", name: "flows", keys: "tagsAll", drift: func(p *program, a *Account) { a.ec2.flowLogs[p.id("flows")].Tags = nil }},
		{what: "a subnet less", name: "attachment", keys: "subnetIds", drift: func(p *program, a *Account) {
			a.ec2.attachments[p.id("attachment")].SubnetIDs = p.privateSubnets("")[:1]
		}},
		{what: "another gateway", name: "to-hub", keys: "transitGatewayId", drift: func(p *program, a *Account) {
			routes := a.ec2.tables[p.id("private")].Routes
			at := slices.IndexFunc(routes, func(x Route) bool { return x.TransitID != "" })
			routes[at].TransitID, routes[at].GatewayID = "", p.id("igw")
		}},
		{what: "no private endpoint", name: "cluster", keys: "vpcConfig", drift: func(p *program, a *Account) {
			a.eks.clusters[p.id("cluster")].PrivateAccess = false
		}},
		{what: "disabled", name: "ca", keys: "enabled", drift: func(p *program, a *Account) { a.certs.authorities[p.id("ca")].Status = "DISABLED" }},
		{what: "other permissions", name: "ca-permission", keys: "actions", keeps: true, drift: func(p *program, a *Account) {
			a.certs.authorities[p.id("ca")].Permissions["acm.amazonaws.com"] = []string{"IssueCertificate"}
		}},
	} {
		t.Run(c.name+": "+c.what, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			p.account()
			if in, _, diff := p.refresh(c.name); len(diff.Keys) > 0 || !reflect.DeepEqual(in, p.made[c.name].in) {
				t.Fatalf("before it, a refresh finds %v", diff.Keys)
			}
			c.drift(p, p.a)
			in, out, diff := p.refresh(c.name)
			if got := strings.Join(diff.Keys, ","); got != c.keys {
				t.Fatalf("a refresh finds a difference in %q, want %q", got, c.keys)
			}
			if c.keys == "" {
				return
			}
			k, _ := kindOf(p.made[c.name].urn)
			if want := in[c.keys]; want != nil && !reflect.DeepEqual(k.extract(c.keys, want, out[c.keys]), want) {
				t.Errorf("the outputs have %v for %v", out[c.keys], want)
			}
			if c.keeps {
				return
			}
			if err := p.mend(c.name); err != nil {
				t.Fatalf("an update does not take it back: %v", err)
			}
			if in, _, diff := p.refresh(c.name); len(diff.Keys) > 0 {
				t.Errorf("after an update a refresh still finds %v: %v", diff.Keys, in)
			}
		})
	}
	broken(lawRefresh)
}

// What is gone is gone for a refresh too.
func TestDriftToNothing(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*program, *Account){
		"network-policy": func(p *program, a *Account) { a.net.networks[p.id("network")].Policy = "" },
		"ingress":        func(p *program, a *Account) { a.ec2.groups[p.id("group")].Rules = nil },
		"private-out":    func(p *program, a *Account) { a.ec2.tables[p.id("private")].Routes = nil },
		"private-table-a": func(p *program, a *Account) {
			s := a.ec2.subnets[p.id("private-a")]
			s.TableID, s.TableBy = p.id("public"), ""
		},
		"access": func(p *program, a *Account) { a.eks.entries[p.id("entry")].Policies = nil },
		"record": func(p *program, a *Account) { a.dns.zones[p.id("zone")].Records = nil },
	} {
		p := newProgram(t)
		p.account()
		remove(p, p.a)
		if _, out, _ := p.refresh(name); out != nil {
			t.Errorf("a refresh still finds %s: %v", name, out)
		}
	}
}
