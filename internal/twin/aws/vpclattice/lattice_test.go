package vpclattice_test

import (
	"errors"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

func TestServiceNetworks(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	networks(p)
	p.Up(awstest.VPC, "anchor", engine.Props{"cidrBlock": "10.255.255.0/28"})
	p.Up(awstest.AuthPolicy, "policy", engine.Props{"resourceIdentifier": p.ID("network"), "policy": awstest.AnybodySigned})
	p.Up(awstest.LogGroup, "logs", engine.Props{"name": "/aws/vendedlogs/vpc-lattice/lattice-gateway"})
	subscription := engine.Props{"resourceIdentifier": p.ID("network"), "destinationArn": p.Get("logs", "arn")}
	p.Up(awstest.AccessLogSubscription, "subscription", subscription)
	const id = "lattice-references-exist"
	p.Refuses(id, validation, "VPC vpc-0 not found", awstest.VPCAssociation,
		join(p, "other", "anchor", engine.Props{"vpcIdentifier": "vpc-0"}))
	p.Refuses(id, validation, "not found in VPC "+p.ID("anchor"), awstest.VPCAssociation,
		join(p, "other", "anchor", engine.Props{"securityGroupIds": []string{p.ID("clients")}}))
	p.Refuses(id, notFound, "Resource sn-0 not found", awstest.AuthPolicy,
		engine.Props{"resourceIdentifier": "sn-0", "policy": awstest.AnybodySigned})
	p.Refuses("access-log-destination", conflict, "already has an access log subscription", awstest.AccessLogSubscription, subscription)
	p.Refuses("service-network-name", "", "must be 3 to 63 lower-case letters", awstest.ServiceNetwork, engine.Props{"name": "Lattice"})
	p.Refused(p.Delete("clients"), "security-group-in-use", "DependencyViolation", "service network association "+p.ID("association"))
	p.Down("association", "network", "policy", "subscription") // the last two went with the network
}

func TestAssociationGroups(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Up(awstest.ServiceNetwork, "network", engine.Props{"name": "lattice-gateway"})
	p.VPC("")
	p.Up(awstest.VPCAssociation, "association", join(p, "network", "vpc", nil))
	for _, name := range []string{"clients", "others"} {
		p.Up(awstest.SecurityGroup, name, engine.Props{"vpcId": p.ID("vpc")})
	}
	for _, groups := range [][]string{{p.ID("clients")}, {p.ID("others"), p.ID("clients")}, {p.ID("clients")}} {
		p.Change("association", engine.Props{"securityGroupIds": groups})
	}
	p.Down("others")
}

func TestServices(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Environment()
	p.Cluster("")
	p.Up(awstest.Certificate, "big", engine.Props{"domainName": "*.example.com", "certificateAuthorityArn": p.ID("ca"),
		"keyAlgorithm": "RSA_3072"})
	svc := p.Service("")
	create := func(in vpclattice.ServiceInput) error {
		return p.As("another", func(l *vpclattice.Lattice, op *world.Op) error {
			_, err := l.CreateService(op, awstest.Controller, in)
			return err
		})
	}
	const id = "service-certificate"
	gone := "arn:aws:acm:ap-northeast-2:123456789012:certificate/0"
	p.Refused(create(vpclattice.ServiceInput{Name: strings.Repeat("x", 41)}), "service-name-collision", validation, "3 to 40")
	p.Refused(create(vpclattice.ServiceInput{Name: "svc-demo-apps"}), "service-name-collision", validation, "not begin with svc-")
	for _, c := range []struct{ domain, certificate, words string }{
		{"x.example.com", p.ID("big"), "only RSA_2048 is supported"},
		{"x.y.example.com", p.ID("certificate"), "does not match"},
		{"x.example.com", gone, "not found"},
		{"", p.ID("certificate"), "needs a custom domain name"},
	} {
		p.Refused(create(vpclattice.ServiceInput{Name: "demo", CustomDomain: c.domain, CertificateARN: c.certificate}), id, validation, c.words)
	}
	if err := create(vpclattice.ServiceInput{Name: "fits", CustomDomain: "x.example.com", CertificateARN: p.ID("certificate")}); err != nil {
		t.Error(err)
	}
	p.Refused(p.Delete("certificate"), "certificate-in-use", "ResourceInUseException", "is in use.", svc.ID)
	p.Refused(p.Delete("network"), "service-network-has-associations", conflict, "has service(s) associated")
	withdraw(p, svc)
	if err := p.As("demo", func(l *vpclattice.Lattice, op *world.Op) error {
		other, err := l.FindService(awstest.Controller, "fits")
		if err != nil {
			return err
		}
		return l.DeleteService(op, awstest.Controller, other.ID)
	}); err != nil {
		t.Error(err)
	}
	p.Down("certificate", "network")
}

// withdraw deletes a service in the right order.
func withdraw(p *awstest.Program, svc *vpclattice.Service) {
	p.T.Helper()
	err := p.As("demo", func(l *vpclattice.Lattice, op *world.Op) error {
		members, err := l.ServiceAssociations(awstest.Controller, "", svc.ID)
		if err != nil {
			return err
		}
		for _, m := range members {
			if err := l.DisassociateService(op, awstest.Controller, m.ID); err != nil {
				return err
			}
		}
		if err := l.DeleteService(op, awstest.Controller, svc.ID); err != nil {
			return err
		}
		groups, err := l.Routing().TargetGroups(awstest.Controller)
		if err != nil {
			return err
		}
		for _, tg := range groups {
			if err := l.Routing().DeleteTargetGroup(op, awstest.Controller, tg.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.T.Fatal(err)
	}
}

// Two clusters that manage one network's policy: the second to go takes it from
// the first, and AWS does not mind.
func TestNetworkPolicyHasOneOwner(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Environment()
	for _, cluster := range []string{"cluster1", "cluster2"} {
		if err := p.As(cluster, func(l *vpclattice.Lattice, op *world.Op) error {
			return l.PutAuthPolicy(op, awstest.Controller, p.ID("network"), awstest.AnybodySigned)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.As("cluster2", func(l *vpclattice.Lattice, op *world.Op) error {
		if err := l.SetNetworkAuthType(op, awstest.Controller, p.ID("network"), lattice.AuthNone); err != nil {
			return err
		}
		return l.DeleteAuthPolicy(op, awstest.Controller, p.ID("network"))
	}); err != nil {
		t.Fatal(err)
	}
	if sn := p.Account.Snapshot().Networks[0]; sn.AuthType != lattice.AuthNone || sn.Policy != "" {
		t.Errorf("the network keeps %s %q", sn.AuthType, sn.Policy)
	}
}

// Permission to everything of VPC Lattice is not enough to create a target group.
func TestLatticeAsksForPermissionsOfEC2(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.VPC("")
	for _, c := range []struct{ actions, missing string }{
		{`"vpc-lattice:*"`, "ec2:DescribeVpcs"},
		{`"vpc-lattice:*","ec2:DescribeVpcs"`, "ec2:DescribeSubnets"},
		{`"vpc-lattice:*","ec2:DescribeVpcs","ec2:DescribeSubnets"`, ""},
	} {
		caller := awstest.Controller
		caller.Policies = []iam.Document{{Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + c.actions +
			`],"Resource":"*"}]}`}}
		err := p.As("demo", func(l *vpclattice.Lattice, op *world.Op) error {
			routing := l.Routing()
			tg, err := routing.CreateTargetGroup(op, caller, vpclattice.TargetGroupInput{
				Name: "k8s-apps-demo", VPCID: p.ID("vpc"), Protocol: "HTTP", ProtocolVersion: "HTTP1", Port: 80})
			if err != nil {
				return err
			}
			return errors.Join(routing.SetTargets(op, caller, tg.ID, []vpclattice.Target{{IP: "10.0.0.9", Port: 8090}}),
				routing.DeleteTargetGroup(op, caller, tg.ID))
		})
		if c.missing != "" {
			p.Refused(err, "identity-policies", "AccessDeniedException", "is not authorized to perform: "+c.missing)
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	svc := p.Callable()
	plain := func(host string) func(*vpclattice.Call) {
		return func(c *vpclattice.Call) { c.Scheme, c.Port, c.SNI, c.Host = "http", 80, "", host }
	}
	for name, c := range map[string]struct {
		from   string
		change func(*vpclattice.Call)
		status int
		words  string
		by     string
		law    string
	}{
		"allowed":       {from: "one-", status: 200, by: lattice.ByService},
		"allowed on 80": {from: "one-", change: plain("demo-cluster2.example.com"), status: 200, by: lattice.ByService},
		"own cluster": {from: "two-", status: 403, by: lattice.ByService, law: "call-authorization",
			words: "is not authorized to perform: vpc-lattice-svcs:Invoke on resource: " + svc.ARN +
				"/ because no service-based policy allows the vpc-lattice-svcs:Invoke action"},
		"other namespace": {from: "one-", change: func(c *vpclattice.Call) { c.Principal.Tags["kubernetes-namespace"] = "elsewhere" },
			status: 403, by: lattice.ByService, law: "call-authorization"},
		"no identity": {from: "one-", change: func(c *vpclattice.Call) { c.Principal.Policies = nil },
			status: 403, by: lattice.ByIdentity, law: "call-authorization", words: "because no identity-based policy allows"},
		"renamed host": {from: "one-", change: plain("renamed.example.com"), status: 404, by: vpclattice.ByName,
			law: "service-custom-domain-fixed"},
		"Lattice's name": {from: "one-", change: plain(svc.DNSName), status: 200, by: lattice.ByService},
		"plain on 443": {from: "one-", change: func(c *vpclattice.Call) { c.Scheme = "http" }, by: vpclattice.ByListener,
			law: "call-needs-listener"},
	} {
		got := p.Call(c.from, c.change)
		if got.Status != c.status || got.DecidedBy != c.by || got.Law.ID != c.law || !strings.Contains(got.Message, c.words) {
			t.Errorf("%s: %d by %q (law %s): %s", name, got.Status, got.DecidedBy, got.Law.ID, got.Message)
		}
		if c.status == 200 && (got.Target == nil || got.Target.Pod != "demo" || got.TargetVPC != p.ID("two-vpc")) {
			t.Errorf("%s: target %+v", name, got.Target)
		}
	}
	p.Down("network-policy")
	if got := p.Call("one-", nil); got.Status != 403 || got.DecidedBy != lattice.ByNetwork {
		t.Errorf("a network with AWS_IAM and no policy: %+v", got)
	}
}

func TestTargetsInAZoneWithoutLattice(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Callable()
	move(p, "two-")
	if got := p.Call("one-", nil); got.Status != 503 || got.DecidedBy != vpclattice.ByTargets || got.Law.ID != "zones-without-lattice" {
		t.Errorf("%+v", got)
	}
}

func TestCallThroughAssociationGroups(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Callable()
	group(p)
	p.Up(awstest.IngressRule, "clients-in", engine.Props{"securityGroupId": p.ID("clients"), "ipProtocol": "tcp",
		"fromPort": 443, "toPort": 443,
		"referencedSecurityGroupId": p.ClusterGroup("one-")})
	if got := p.Call("one-", nil); got.Status != 200 {
		t.Errorf("a group that admits the nodes' group: %+v", got)
	}
}
