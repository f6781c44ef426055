package aws

import (
	"errors"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

// as runs controller calls for a Kubernetes object.
func (p *program) as(object string, f func(l *Lattice, op *world.Op, who iam.Principal) error) error {
	p.t.Helper()
	return p.a.World.Do(world.Create, "urn:pulumi:test::x::k::"+object, func(op *world.Op) error {
		return f(p.a.Lattice(""), op, controller)
	})
}

// controller is a principal with the controller's permissions.
var controller = iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/controller/x", RoleARN: "arn:aws:iam::123456789012:role/controller",
	Account: "123456789012", Policies: []iam.Document{{Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["vpc-lattice:*","tag:*","acm:ListCertificates","ec2:DescribeVpcs","ec2:DescribeSubnets"],"Resource":"*"}]}`}}}

// service publishes demo-cluster2 as the controller does: TLS on 443 and plain on
// 80, one target in the VPC of the prefix.
func (p *program) service(prefix string) (svc *Service) {
	p.t.Helper()
	err := p.as("demo", func(l *Lattice, op *world.Op, who iam.Principal) (err error) {
		if svc, err = l.CreateService(op, who, ServiceInput{Name: "demo-cluster2-apps", CustomDomain: "demo-cluster2.example.com", CertificateARN: p.id("certificate")}); err != nil {
			return err
		}
		tg, err := l.CreateTargetGroup(op, who, "k8s-apps-demo", p.id(prefix+"vpc"), "HTTP", 80, nil)
		if err != nil {
			return err
		}
		node := p.a.NodeGroups(p.id(prefix + "cluster"))[0].Nodes[0].Name
		if err := l.SetTargets(op, who, tg.ID, []Target{{IP: p.a.PodIP(p.id(prefix+"cluster"), node), Port: 8090, Pod: "demo"}}); err != nil {
			return err
		}
		for port, protocol := range map[int]string{80: "HTTP", 443: "HTTPS"} {
			listener, err := l.CreateListener(op, who, svc.ID, protocol, port, RuleAction{FixedStatus: 404}, nil)
			if err != nil {
				return err
			}
			rule := Rule{Priority: 1, PathPrefix: "/", Action: RuleAction{TargetGroups: []WeightedTargetGroup{{ID: tg.ID, Weight: 1}}}}
			if err := l.SetRules(op, who, listener.ID, []Rule{rule}, nil); err != nil {
				return err
			}
		}
		_, err = l.AssociateService(op, who, p.id("network"), svc.ID, nil)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return svc
}

func TestServiceNetworks(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.up(tVPC, "vpc", engine.Props{"cidrBlock": "10.0.0.0/16"})
	p.up(tNetwork, "other", engine.Props{"name": "other"})
	p.up(tAssoc, "association", engine.Props{"serviceNetworkIdentifier": p.get("network", "arn"), "vpcIdentifier": p.id("vpc")})
	p.up(tLogs, "logs", engine.Props{"name": "/aws/vendedlogs/vpc-lattice/lattice-gateway", "retentionInDays": 30})
	sub := engine.Props{"resourceIdentifier": p.id("network"), "destinationArn": p.get("logs", "arn")}
	p.up(tLogSub, "subscription", sub)
	p.refuseAll(t, []refusal{
		{"name", lawNetworkName, "ConflictException", "already exists", tNetwork, engine.Props{"name": "lattice-gateway"}},
		{"second", lawOneNetwork, "ConflictException", "is already associated with service network " + p.id("network"), tAssoc,
			engine.Props{"serviceNetworkIdentifier": p.id("other"), "vpcIdentifier": p.id("vpc")}},
		{"no-network", lawLatticeExists, "ResourceNotFoundException", "Service network sn-0 not found", tAssoc, engine.Props{"serviceNetworkIdentifier": "sn-0", "vpcIdentifier": p.id("anchor")}},
		{"no-vpc", lawLatticeExists, "ValidationException", "VPC vpc-0 not found", tAssoc, engine.Props{"serviceNetworkIdentifier": p.id("other"), "vpcIdentifier": "vpc-0"}},
		{"policy-text", lawAuthPolicy, "ValidationException", "Missing required field Principal", tAuth, engine.Props{"resourceIdentifier": p.id("network"), "policy": allowing("vpc-lattice-svcs:Invoke")}},
		{"policy-nowhere", lawLatticeExists, "ResourceNotFoundException", "Resource sn-0 not found", tAuth, engine.Props{"resourceIdentifier": "sn-0", "policy": anybodySigned}},
		{"log-nowhere", lawAccessLog, "ValidationException", "does not exist", tLogSub, merge(sub, engine.Props{"destinationArn": "arn:aws:logs:ap-northeast-2:123456789012:log-group:none"})},
		{"log-twice", lawAccessLog, "ConflictException", "already has an access log subscription", tLogSub, sub},
		{"log-group", lawLogGroup, "ResourceAlreadyExistsException", "The specified log group already exists", tLogs, engine.Props{"name": "/aws/vendedlogs/vpc-lattice/lattice-gateway"}},
	})
	p.broke(p.delete("network"), lawNetworkDeletion, "ConflictException", "has VPC(s) associated", "409")
	p.down("association", "network", "network-policy", "subscription") // the last two went with the network
}

func TestAssociationGroups(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.up(tNetwork, "network", engine.Props{"name": "lattice-gateway"})
	p.vpc("")
	p.up(tGroup, "clients", engine.Props{"vpcId": p.id("vpc")})
	p.up(tAssoc, "association", engine.Props{"serviceNetworkIdentifier": p.id("network"), "vpcIdentifier": p.id("vpc")})
	p.up(tGroup, "others", engine.Props{"vpcId": p.id("vpc")})
	for _, groups := range [][]string{{p.id("clients")}, {p.id("others"), p.id("clients")}, {p.id("clients")}} {
		if err := p.update("association", engine.Props{"securityGroupIds": groups}); err != nil {
			t.Errorf("changing the groups to %v: %v", groups, err)
		}
	}
	p.down("others")
	p.broke(p.update("association", engine.Props{"securityGroupIds": []string{}}), lawAssociationGroups, "ValidationException",
		"Value '[]' at 'securityGroupIds' failed to satisfy constraint: Member must have length greater than or equal to 1")
	p.broke(p.delete("clients"), lawGroupDeletion, "DependencyViolation", "service network association")
	p.down("association", "clients")
}

func TestServices(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.cluster("")
	p.up(tCert, "big", engine.Props{"domainName": "*.example.com", "certificateAuthorityArn": p.id("ca"), "keyAlgorithm": "RSA_3072"})
	svc := p.service("")
	create := func(in ServiceInput) error {
		return p.as("another", func(l *Lattice, op *world.Op, who iam.Principal) error {
			_, err := l.CreateService(op, who, in)
			return err
		})
	}
	p.broke(create(ServiceInput{Name: svc.Name}), lawServiceName, "ConflictException", "Service with name demo-cluster2-apps already exists")
	p.broke(create(ServiceInput{Name: strings.Repeat("x", 41)}), lawServiceName, "ValidationException", "3 to 40")
	p.broke(create(ServiceInput{Name: "svc-demo-apps"}), lawServiceName, "ValidationException", "not begin with svc-")
	p.broke(create(ServiceInput{Name: "big", CustomDomain: "x.example.com", CertificateARN: p.id("big")}), lawServiceCertificate, "ValidationException", "only RSA_2048 is supported")
	p.broke(create(ServiceInput{Name: "far", CustomDomain: "x.example.org", CertificateARN: p.id("certificate")}), lawServiceCertificate, "ValidationException", "does not match custom domain name x.example.org")
	p.broke(create(ServiceInput{Name: "deep", CustomDomain: "x.y.example.com", CertificateARN: p.id("certificate")}), lawServiceCertificate, "ValidationException", "does not match")
	p.broke(create(ServiceInput{Name: "gone", CustomDomain: "x.example.com", CertificateARN: "arn:aws:acm:ap-northeast-2:123456789012:certificate/0"}), lawServiceCertificate, "ValidationException", "not found")
	if err := create(ServiceInput{Name: "fits", CustomDomain: "x.example.com", CertificateARN: p.id("certificate")}); err != nil {
		t.Error(err)
	}

	p.broke(p.as("again", func(l *Lattice, op *world.Op, who iam.Principal) error {
		_, err := l.AssociateService(op, who, p.id("network"), svc.ID, nil)
		return err
	}), lawServiceOnce, "ConflictException", "is already associated")
	p.broke(p.as("early", func(l *Lattice, op *world.Op, who iam.Principal) error { return l.DeleteService(op, who, svc.ID) }),
		lawServiceDeletion, "ConflictException", "while it has associations")
	p.broke(p.as("early", func(l *Lattice, op *world.Op, who iam.Principal) error {
		tg, err := l.FindTargetGroup(who, "k8s-apps-demo")
		if err != nil {
			return err
		}
		return l.DeleteTargetGroup(op, who, tg.ID)
	}), lawTargetGroup, "ConflictException", "is in use by listener")
	p.broke(p.as("port", func(l *Lattice, op *world.Op, who iam.Principal) error {
		_, err := l.CreateListener(op, who, svc.ID, "HTTPS", 443, RuleAction{FixedStatus: 404}, nil)
		return err
	}), lawListener, "ConflictException", "already has a listener on port 443")
	p.broke(p.delete("certificate"), lawCertificateInUse, "ResourceInUseException", "is in use.", svc.ID)
	p.broke(p.delete("network"), lawNetworkDeletion, "ConflictException", "has service(s) associated")
	p.withdraw(t, svc)
	if err := p.as("demo", func(l *Lattice, op *world.Op, who iam.Principal) error {
		other, err := l.FindService(who, "fits")
		if err != nil {
			return err
		}
		return l.DeleteService(op, who, other.ID)
	}); err != nil {
		t.Error(err)
	}
	p.down("certificate", "network")
}

// withdraw removes a service in the right order.
func (p *program) withdraw(t *testing.T, svc *Service) {
	t.Helper()
	err := p.as("demo", func(l *Lattice, op *world.Op, who iam.Principal) error {
		members, err := l.ServiceAssociations(who, "", svc.ID)
		if err != nil {
			return err
		}
		for _, m := range members {
			if err := l.DisassociateService(op, who, m.ID); err != nil {
				return err
			}
		}
		if err := l.DeleteService(op, who, svc.ID); err != nil {
			return err
		}
		groups, err := l.TargetGroups(who)
		if err != nil {
			return err
		}
		for _, tg := range groups {
			if err := l.DeleteTargetGroup(op, who, tg.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two clusters that manage one network's policy: the second to go takes it from
// the first, and AWS does not mind.
func TestNetworkPolicyHasOneOwner(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	for _, cluster := range []string{"cluster1", "cluster2"} {
		if err := p.as(cluster, func(l *Lattice, op *world.Op, who iam.Principal) error {
			return l.PutAuthPolicy(op, who, p.id("network"), anybodySigned)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.as("cluster2", func(l *Lattice, op *world.Op, who iam.Principal) error {
		if err := l.SetNetworkAuthType(op, who, p.id("network"), lattice.AuthNone); err != nil {
			return err
		}
		return l.DeleteAuthPolicy(op, who, p.id("network"))
	}); err != nil {
		t.Fatal(err)
	}
	sn := p.a.Snapshot().Networks[0]
	if sn.AuthType != lattice.AuthNone || sn.Policy != "" {
		t.Errorf("the network keeps %s %q", sn.AuthType, sn.Policy)
	}
}

// Permission to everything of VPC Lattice is not enough to make a target group.
func TestLatticeAsksForPermissionsOfEC2(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	for _, c := range []struct{ actions, missing string }{
		{`"vpc-lattice:*"`, "ec2:DescribeVpcs"},
		{`"vpc-lattice:*","ec2:DescribeVpcs"`, "ec2:DescribeSubnets"},
		{`"vpc-lattice:*","ec2:DescribeVpcs","ec2:DescribeSubnets"`, ""},
	} {
		who := controller
		who.Policies = []iam.Document{{Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + c.actions + `],"Resource":"*"}]}`}}
		err := p.as("demo", func(l *Lattice, op *world.Op, _ iam.Principal) error {
			tg, err := l.CreateTargetGroup(op, who, "k8s-apps-demo", p.id("vpc"), "HTTP", 80, nil)
			if err != nil {
				return err
			}
			return errors.Join(l.SetTargets(op, who, tg.ID, []Target{{IP: "10.0.0.9", Port: 8090}}), l.DeleteTargetGroup(op, who, tg.ID))
		})
		if c.missing != "" {
			p.broke(err, lawIdentity, "AccessDeniedException", "is not authorized to perform: "+c.missing)
		} else if err != nil {
			t.Error(err)
		}
	}
}
