package aws

import (
	"fmt"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

const fromCluster1 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"eks-one-cluster","aws:PrincipalTag/kubernetes-namespace":"apps"}}}]}`

// callable has two clusters with the same CIDR; the second publishes a service
// that pods of the first one's namespace apps may call.
func callable(t *testing.T) (*program, *Service) {
	t.Helper()
	p := newProgram(t)
	p.environment()
	for _, prefix := range []string{"one-", "two-"} {
		p.cluster(prefix)
		p.up(tPodID, prefix+"apps", engine.Props{"clusterName": "eks-" + prefix + "cluster", "namespace": "apps", "serviceAccount": "default", "roleArn": p.get("client-role", "arn")})
		p.up(tAssoc, prefix+"association", engine.Props{"serviceNetworkIdentifier": p.id("network"), "vpcIdentifier": p.id(prefix + "vpc")})
		list := p.invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList", engine.Props{"name": "com.amazonaws.ap-northeast-2.vpc-lattice"})
		p.up(tIngress, prefix+"lattice", engine.Props{"securityGroupId": obj(p.made[prefix+"cluster"].out["vpcConfig"])["clusterSecurityGroupId"], "ipProtocol": "-1", "prefixListId": list["id"]})
	}
	svc := p.service("two-")
	if err := p.as("policy", func(l *Lattice, op *world.Op, who iam.Principal) error {
		if err := l.UpdateService(op, who, svc.ID, "", lattice.AuthIAM); err != nil {
			return err
		}
		return l.PutAuthPolicy(op, who, svc.ID, fromCluster1)
	}); err != nil {
		t.Fatal(err)
	}
	return p, svc
}

// call calls the service as a pod of the namespace apps of a cluster.
func (p *program) call(prefix string, change func(*Call)) Answer {
	p.t.Helper()
	who, _, err := p.a.AssumeRoleForPodIdentity("eks-"+prefix+"cluster", "apps", "default", "demo-cluster1-v1-69cdbfd45b-mpkjt", "uid")
	if err != nil {
		p.t.Fatal(err)
	}
	c := Call{Scheme: "https", SNI: "demo-cluster2.example.com", SourceIP: "10.0.10.50", Request: lattice.Request{
		Principal: who, Signed: true, SourceVPC: p.id(prefix + "vpc"), Host: "demo-cluster2.example.com", Port: 443, Path: "/"}}
	if change != nil {
		change(&c)
	}
	return p.a.Call(c)
}

func TestCall(t *testing.T) {
	t.Parallel()
	p, svc := callable(t)
	for name, c := range map[string]struct {
		from   string
		change func(*Call)
		status int
		words  string
		by     string
		law    law.Law
	}{
		"allowed":          {from: "one-", status: 200, by: lattice.ByService},
		"allowed on 80":    {from: "one-", change: func(c *Call) { c.Scheme, c.Port, c.SNI = "http", 80, "" }, status: 200, by: lattice.ByService},
		"own cluster":      {from: "two-", status: 403, by: lattice.ByService, law: lawCallAuth, words: "is not authorized to perform: vpc-lattice-svcs:Invoke on resource: " + svc.ARN + "/ because no service-based policy allows the vpc-lattice-svcs:Invoke action"},
		"unsigned":         {from: "one-", change: func(c *Call) { c.Signed = false }, status: 403, by: lattice.ByNetwork, law: lawCallAuth, words: "User: anonymous is not authorized"},
		"other namespace":  {from: "one-", change: func(c *Call) { c.Principal.Tags["kubernetes-namespace"] = "elsewhere" }, status: 403, by: lattice.ByService, law: lawCallAuth},
		"no identity":      {from: "one-", change: func(c *Call) { c.Principal.Policies = nil }, status: 403, by: lattice.ByIdentity, law: lawCallAuth, words: "because no identity-based policy allows"},
		"other VPC":        {from: "one-", change: func(c *Call) { c.SourceVPC = p.id("anchor") }, by: ByAssociation, law: lawCallNetwork, words: "timed out"},
		"no such service":  {from: "one-", change: func(c *Call) { c.SNI = "nobody.example.com" }, by: ByName, law: lawServiceNames, words: "reset"},
		"renamed host":     {from: "one-", change: func(c *Call) { c.Scheme, c.Port, c.SNI, c.Host = "http", 80, "", "renamed.example.com" }, status: 404, by: ByName, law: lawServiceNames},
		"Lattice's name":   {from: "one-", change: func(c *Call) { c.Scheme, c.Port, c.SNI, c.Host = "http", 80, "", svc.DNSName }, status: 200, by: lattice.ByService},
		"no such listener": {from: "one-", change: func(c *Call) { c.Port = 8443 }, by: ByListener, law: lawCallListener},
		"plain on 443":     {from: "one-", change: func(c *Call) { c.Scheme = "http" }, by: ByListener, law: lawCallListener},
	} {
		got := p.call(c.from, c.change)
		if got.Status != c.status || got.DecidedBy != c.by || got.Law.ID != c.law.ID || !strings.Contains(got.Message, c.words) {
			t.Errorf("%s: %d by %q (law %s): %s", name, got.Status, got.DecidedBy, got.Law.ID, got.Message)
		}
		if c.status == 200 && (got.Target == nil || got.Target.Pod != "demo" || got.TargetVPC != p.id("two-vpc")) {
			t.Errorf("%s: target %+v", name, got.Target)
		}
		if c.law.ID != "" {
			broken(c.law)
		}
	}
}

// A subnet in apne2-az2 is like any other to EC2 and EKS.
func TestZonesWithoutLattice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		moved, by string
		status    int
	}{
		"caller": {"one-", ByAssociation, 0},
		"target": {"two-", ByTargets, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := callable(t)
			for _, subnet := range p.privateSubnets(c.moved) {
				p.a.ec2.subnets[subnet].Zone = "ap-northeast-2b"
			}
			if got := p.call("one-", nil); got.Status != c.status || got.DecidedBy != c.by || got.Law.ID != lawCallZone.ID {
				t.Errorf("%+v", got)
			}
			broken(lawCallZone)
		})
	}
}

func TestCallReachesTargets(t *testing.T) {
	t.Parallel()
	p, _ := callable(t)
	p.down("two-lattice")
	if got := p.call("one-", nil); got.Status != 503 || got.DecidedBy != ByTargets || got.Law.ID != lawCallTargets.ID {
		t.Errorf("without the prefix list on the targets' group: %+v", got)
	}
	broken(lawCallTargets)
}

func TestCallNeedsPolicies(t *testing.T) {
	t.Parallel()
	p, _ := callable(t)
	p.down("network-policy")
	if got := p.call("one-", nil); got.Status != 403 || got.DecidedBy != lattice.ByNetwork {
		t.Errorf("a network with AWS_IAM and no policy: %+v", got)
	}
}

func TestCallThroughAssociationGroups(t *testing.T) {
	t.Parallel()
	p, _ := callable(t)
	p.down("one-association")
	p.up(tGroup, "clients", engine.Props{"vpcId": p.id("one-vpc")})
	p.up(tAssoc, "one-association", engine.Props{"serviceNetworkIdentifier": p.id("network"), "vpcIdentifier": p.id("one-vpc"), "securityGroupIds": []string{p.id("clients")}})
	if got := p.call("one-", nil); got.Law.ID != lawCallGroups.ID || got.Status != 0 {
		t.Errorf("a group without rules admits: %+v", got)
	}
	broken(lawCallGroups)
	p.up(tIngress, "clients-in", engine.Props{"securityGroupId": p.id("clients"), "ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
		"referencedSecurityGroupId": obj(p.made["one-cluster"].out["vpcConfig"])["clusterSecurityGroupId"]})
	if got := p.call("one-", nil); got.Status != 200 {
		t.Errorf("a group that admits the nodes' group: %+v", got)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	listener := &Listener{Default: RuleAction{FixedStatus: 404}, Rules: []*Rule{
		{Priority: 1, PathExact: "/exact", Action: RuleAction{FixedStatus: 201}},
		{Priority: 2, PathPrefix: "/api/", Method: "POST", Action: RuleAction{FixedStatus: 202}},
		{Priority: 3, Headers: map[string]string{"x-env": "canary"}, Action: RuleAction{FixedStatus: 203}},
	}}
	for _, c := range []struct {
		method, path string
		headers      map[string]string
		want         int
	}{
		{"GET", "/exact", nil, 201}, {"GET", "/exact/more", nil, 404}, {"POST", "/api", nil, 202}, {"POST", "/api/x", nil, 202},
		{"GET", "/api/x", nil, 404}, {"POST", "/apix", nil, 404}, {"GET", "", map[string]string{"x-env": "canary"}, 203},
	} {
		t.Run(fmt.Sprint(c.method, c.path), func(t *testing.T) {
			t.Parallel()
			got := listener.action(Call{Request: lattice.Request{Method: c.method, Path: c.path, Headers: c.headers}})
			if got.FixedStatus != c.want {
				t.Errorf("rule %d, want %d", got.FixedStatus, c.want)
			}
		})
	}
}
