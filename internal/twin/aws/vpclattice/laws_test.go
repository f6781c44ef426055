package vpclattice_test

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, networkLaws, serviceLaws, callLaws)
}

const (
	conflict   = "ConflictException"
	validation = "ValidationException"
	notFound   = "ResourceNotFoundException"
)

// join joins a VPC to a network.
func join(p *awstest.Program, network, vpc string, over engine.Props) engine.Props {
	return cloud.Merge(engine.Props{"serviceNetworkIdentifier": p.ID(network), "vpcIdentifier": p.ID(vpc)}, over)
}

// networks creates two service networks and a VPC that is associated with one.
func networks(p *awstest.Program) {
	p.Up(awstest.ServiceNetwork, "network", engine.Props{"name": "lattice-gateway"})
	p.Up(awstest.ServiceNetwork, "other", engine.Props{"name": "other"})
	p.VPC("")
	p.Up(awstest.SecurityGroup, "clients", engine.Props{"vpcId": p.ID("vpc")})
	p.Up(awstest.VPCAssociation, "association", join(p, "network", "vpc", engine.Props{"securityGroupIds": []string{p.ID("clients")}}))
}

// with is a program with networks.
func with(program func(p *awstest.Program) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		networks(p)
		return program(p)
	}
}

var networkLaws = []lawtest.Counterexample{
	awstest.Refuses("service-network-name", conflict, "already exists", with(func(p *awstest.Program) error {
		return p.Try(awstest.ServiceNetwork, "again", engine.Props{"name": "other"})
	})),
	awstest.Refuses("service-network-has-associations", conflict, "has VPC(s) associated (409", with(func(p *awstest.Program) error {
		return p.Delete("network")
	})),
	awstest.Refuses("one-service-network-per-vpc", conflict, "is already associated with service network sn-",
		with(func(p *awstest.Program) error {
			return p.Try(awstest.VPCAssociation, "second", join(p, "other", "vpc", nil))
		})),
	awstest.Refuses("association-keeps-security-groups", validation,
		"Value '[]' at 'securityGroupIds' failed to satisfy constraint: Member must have length greater than or equal to 1",
		with(func(p *awstest.Program) error {
			return p.Update("association", engine.Props{"securityGroupIds": []string{}})
		})),
	awstest.Refuses("lattice-references-exist", notFound, "Service network sn-0 not found", with(func(p *awstest.Program) error {
		return p.Try(awstest.VPCAssociation, "nowhere", join(p, "other", "vpc", engine.Props{"serviceNetworkIdentifier": "sn-0"}))
	})),
	awstest.Refuses("auth-policy-document", validation, "Missing required field Principal", with(func(p *awstest.Program) error {
		return p.Try(awstest.AuthPolicy, "policy", engine.Props{"resourceIdentifier": p.ID("network"),
			"policy": awstest.Allowing("vpc-lattice-svcs:Invoke")})
	})),
	awstest.Refuses("auth-policy-size", validation, "it is longer than 10000 characters", with(func(p *awstest.Program) error {
		return p.Try(awstest.AuthPolicy, "policy", engine.Props{"resourceIdentifier": p.ID("network"),
			"policy": awstest.AnybodySigned + strings.Repeat(" ", 10000)})
	})),
	awstest.Refuses("access-log-destination", validation, "does not exist", with(func(p *awstest.Program) error {
		return p.Try(awstest.AccessLogSubscription, "logs", engine.Props{"resourceIdentifier": p.ID("network"),
			"destinationArn": "arn:aws:logs:ap-northeast-2:123456789012:log-group:none"})
	})),
}

// published is a program with a service that makes one call of a controller more.
func published(call func(p *awstest.Program, l *vpclattice.Lattice, op *world.Op,
	svc *vpclattice.Service) error) func(p *awstest.Program) error {
	return func(p *awstest.Program) error {
		p.Environment()
		p.Cluster("")
		svc := p.Service("")
		return p.As("another", func(l *vpclattice.Lattice, op *world.Op) error { return call(p, l, op, svc) })
	}
}

var serviceLaws = []lawtest.Counterexample{
	awstest.Refuses("service-name-collision", conflict, "Service with name demo-cluster2-apps already exists",
		published(func(_ *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
			_, err := l.CreateService(op, awstest.Controller, vpclattice.ServiceInput{Name: svc.Name})
			return err
		})),
	awstest.Refuses("service-certificate", validation, "does not match custom domain name x.example.org",
		published(func(p *awstest.Program, l *vpclattice.Lattice, op *world.Op, _ *vpclattice.Service) error {
			_, err := l.CreateService(op, awstest.Controller,
				vpclattice.ServiceInput{Name: "far", CustomDomain: "x.example.org", CertificateARN: p.ID("certificate")})
			return err
		})),
	awstest.Refuses("service-association-once", conflict, "is already associated",
		published(func(p *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
			_, err := l.AssociateService(op, awstest.Controller, p.ID("network"), svc.ID, nil)
			return err
		})),
	awstest.Refuses("service-has-associations", conflict, "while it has associations",
		published(func(_ *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
			return l.DeleteService(op, awstest.Controller, svc.ID)
		})),
	awstest.Refuses("target-group", conflict, "is in use by listener",
		published(func(_ *awstest.Program, l *vpclattice.Lattice, op *world.Op, _ *vpclattice.Service) error {
			tg, err := l.Routing().FindTargetGroup(awstest.Controller, "k8s-apps-demo")
			if err != nil {
				return err
			}
			return l.Routing().DeleteTargetGroup(op, awstest.Controller, tg.ID)
		})),
	awstest.Refuses("grpc-target-groups", validation, "requires an HTTPS listener",
		published(func(p *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
			tg, err := l.Routing().CreateTargetGroup(op, awstest.Controller, vpclattice.TargetGroupInput{
				Name: "k8s-apps-greeter", VPCID: p.ID("vpc"), Protocol: "HTTP", ProtocolVersion: vpclattice.GRPC, Port: 80})
			if err != nil {
				return err
			}
			_, err = l.Routing().CreateListener(op, awstest.Controller, svc.ID, "HTTP", 8080,
				vpclattice.RuleAction{TargetGroups: []vpclattice.WeightedTargetGroup{{ID: tg.ID, Weight: 1}}}, nil)
			return err
		})),
	awstest.Refuses("rules-have-limits", validation, "Member must have value between 0 and 999", limited(func(rule *vpclattice.Rule) {
		rule.Action.TargetGroups[0].Weight = 1000
	})),
	awstest.Refuses("listener", conflict, "already has a listener on port 443",
		published(func(_ *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
			_, err := l.Routing().CreateListener(op, awstest.Controller, svc.ID, "HTTPS", 443, vpclattice.RuleAction{FixedStatus: 404}, nil)
			return err
		})),
}

// limited is a program that gives the service's first listener a changed rule.
func limited(change func(*vpclattice.Rule)) func(p *awstest.Program) error {
	return published(func(p *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
		listener := vpclattice.ListenersOf(p.Account.Account, svc.ID)[0]
		rule := *listener.Rules[0]
		rule.Action.TargetGroups = slices.Clone(rule.Action.TargetGroups)
		change(&rule)
		return l.Routing().SetRules(op, awstest.Controller, listener.ID, []vpclattice.Rule{rule}, nil)
	})
}

// The other limits of rules.
func TestRuleLimits(t *testing.T) {
	t.Parallel()
	for words, change := range map[string]func(*vpclattice.Rule){
		"targetGroups": func(rule *vpclattice.Rule) {
			rule.Action.TargetGroups = slices.Repeat(rule.Action.TargetGroups, 11)
		},
		"headerMatches": func(rule *vpclattice.Rule) {
			rule.Headers = map[string]string{"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""}
		},
		"pathMatch": func(rule *vpclattice.Rule) { rule.PathPrefix = "/" + strings.Repeat("a", 200) },
	} {
		p := awstest.New(t)
		p.Refused(limited(change)(p), "rules-have-limits", validation, words)
	}
	p := awstest.New(t)
	p.Refused(published(func(p *awstest.Program, l *vpclattice.Lattice, op *world.Op, svc *vpclattice.Service) error {
		listener := vpclattice.ListenersOf(p.Account.Account, svc.ID)[0]
		var rules []vpclattice.Rule
		for priority := range 11 {
			rule := *listener.Rules[0]
			rule.Priority = priority + 1
			rules = append(rules, rule)
		}
		return l.Routing().SetRules(op, awstest.Controller, listener.ID, rules, nil)
	})(p), "rules-have-limits", "ServiceQuotaExceededException", "11 rules")
}

// answers is the counterexample of a law that answers a call.
func answers(id string, status int, by, words string, change func(p *awstest.Program, c *vpclattice.Call)) lawtest.Counterexample {
	return awstest.Counterexample(id, func(p *awstest.Program) law.Law {
		p.Callable()
		got := p.Call("one-", func(c *vpclattice.Call) { change(p, c) })
		if got.Status != status || got.DecidedBy != by || !strings.Contains(got.Message, words) {
			p.T.Errorf("want %d by %q with %q, got %+v", status, by, words, got)
		}
		return got.Law
	})
}

// move moves the private subnets of a VPC to a zone that VPC Lattice does not
// support and that is like any other to EC2 and EKS: apne2-az2.
func move(p *awstest.Program, prefix string) {
	for _, id := range p.PrivateSubnets(prefix) {
		ec2.Subnets.Get(p.Account.Account, id).Zone = "ap-northeast-2b"
	}
}

var callLaws = []lawtest.Counterexample{
	answers("call-authorization", 403, "network-based policy", "User: anonymous is not authorized",
		func(_ *awstest.Program, c *vpclattice.Call) {
			c.Signed = false
		}),
	answers("call-needs-association", 0, vpclattice.ByAssociation, "timed out", func(p *awstest.Program, c *vpclattice.Call) {
		c.SourceVPC = p.ID("anchor")
	}),
	answers("service-custom-domain-fixed", 0, vpclattice.ByName, "reset", func(_ *awstest.Program, c *vpclattice.Call) {
		c.SNI = "nobody.example.com"
	}),
	answers("call-needs-listener", 0, vpclattice.ByListener, "reset", func(_ *awstest.Program, c *vpclattice.Call) { c.Port = 8443 }),
	answers("zones-without-lattice", 0, vpclattice.ByAssociation, "timed out",
		func(p *awstest.Program, _ *vpclattice.Call) { move(p, "one-") }),
	answers("targets-admit-lattice", 503, vpclattice.ByTargets, "Service Unavailable", func(p *awstest.Program, _ *vpclattice.Call) {
		p.Down("two-lattice")
	}),
	answers("weights-share-requests", 503, vpclattice.ByTargets, "Service Unavailable", func(p *awstest.Program, _ *vpclattice.Call) {
		for _, listener := range vpclattice.Listeners.All(p.Account.Account) {
			listener.Rules[0].Action.TargetGroups[0].Weight = 0
		}
	}),
	// A group without rules admits nobody.
	answers("association-groups-admit-clients", 0, vpclattice.ByAssociation, "timed out", func(p *awstest.Program, _ *vpclattice.Call) {
		group(p)
	}),
}

// group gives the first cluster's association a security group.
func group(p *awstest.Program) {
	p.Down("one-association")
	p.Up(awstest.SecurityGroup, "clients", engine.Props{"vpcId": p.ID("one-vpc")})
	p.Up(awstest.VPCAssociation, "one-association", join(p, "network", "one-vpc", engine.Props{"securityGroupIds": []string{p.ID("clients")}}))
}
