package awstest

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

// Controller is a principal with the permissions of a Lattice controller.
var Controller = iam.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/controller/x",
	RoleARN: "arn:aws:iam::123456789012:role/controller", Account: "123456789012",
	Policies: []iam.Document{{Text: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Action":["vpc-lattice:*","tag:*","acm:ListCertificates","ec2:DescribeVpcs","ec2:DescribeSubnets"],"Resource":"*"}]}`}}}

// As runs a controller's calls for a Kubernetes object.
func (p *Program) As(object string, f func(l *vpclattice.Lattice, op *world.Op) error) error {
	p.T.Helper()
	return p.Account.World.Do(world.Create, "urn:pulumi:test::x::k::"+object, func(op *world.Op) error {
		return f(p.Account.Lattice(""), op)
	})
}

// Service publishes demo-cluster2 as the controller does: TLS on 443 and plain on
// 80, one target in the VPC of the prefix.
func (p *Program) Service(prefix string) (svc *vpclattice.Service) {
	p.T.Helper()
	err := p.As("demo", func(l *vpclattice.Lattice, op *world.Op) (err error) {
		if svc, err = l.CreateService(op, Controller, vpclattice.ServiceInput{Name: "demo-cluster2-apps",
			CustomDomain: "demo-cluster2.example.com", CertificateARN: p.ID("certificate")}); err != nil {
			return err
		}
		routing := l.Routing()
		tg, err := routing.CreateTargetGroup(op, Controller, vpclattice.TargetGroupInput{
			Name: "k8s-apps-demo", VPCID: p.ID(prefix + "vpc"), Protocol: "HTTP", ProtocolVersion: "HTTP1", Port: 80})
		if err != nil {
			return err
		}
		cluster := p.ID(prefix + "cluster")
		ip := p.Account.EKS.PodIP(cluster, p.Account.EKS.NodeGroups(cluster)[0].Nodes[0].Name)
		if err := routing.SetTargets(op, Controller, tg.ID, []vpclattice.Target{{IP: ip, Port: 8090, Pod: "demo"}}); err != nil {
			return err
		}
		for port, protocol := range map[int]string{80: "HTTP", 443: "HTTPS"} {
			listener, err := routing.CreateListener(op, Controller, svc.ID, protocol, port, vpclattice.RuleAction{FixedStatus: 404}, nil)
			if err != nil {
				return err
			}
			rule := vpclattice.Rule{Priority: 1, PathPrefix: "/",
				Action: vpclattice.RuleAction{TargetGroups: []vpclattice.WeightedTargetGroup{{ID: tg.ID, Weight: 1}}}}
			if err := routing.SetRules(op, Controller, listener.ID, []vpclattice.Rule{rule}, nil); err != nil {
				return err
			}
		}
		_, err = l.AssociateService(op, Controller, p.ID("network"), svc.ID, nil)
		return err
	})
	if err != nil {
		p.T.Fatal(err)
	}
	return svc
}

const fromCluster1 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},` +
	`"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":` +
	`{"aws:PrincipalTag/eks-cluster-name":"eks-one-cluster","aws:PrincipalTag/kubernetes-namespace":"apps"}}}]}`

// Callable creates two clusters with the same CIDR; the second publishes a
// service that pods of the first one's namespace apps may call.
func (p *Program) Callable() *vpclattice.Service {
	p.T.Helper()
	p.Environment()
	list, err := p.Invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList",
		engine.Props{"name": "com.amazonaws.ap-northeast-2.vpc-lattice"})
	if err != nil {
		p.T.Fatal(err)
	}
	for _, prefix := range []string{"one-", "two-"} {
		p.Cluster(prefix)
		p.Up(PodIdentityAssociation, prefix+"apps", engine.Props{"clusterName": "eks-" + prefix + "cluster", "namespace": "apps",
			"serviceAccount": "default", "roleArn": p.Get("client-role", "arn")})
		p.Up(VPCAssociation, prefix+"association", engine.Props{"serviceNetworkIdentifier": p.ID("network"),
			"vpcIdentifier": p.ID(prefix + "vpc")})
		p.Up(IngressRule, prefix+"lattice", engine.Props{"securityGroupId": p.ClusterGroup(prefix), "ipProtocol": "-1",
			"prefixListId": list["id"]})
	}
	svc := p.Service("two-")
	if err := p.As("policy", func(l *vpclattice.Lattice, op *world.Op) error {
		if err := l.UpdateService(op, Controller, svc.ID, "", lattice.AuthIAM); err != nil {
			return err
		}
		return l.PutAuthPolicy(op, Controller, svc.ID, fromCluster1)
	}); err != nil {
		p.T.Fatal(err)
	}
	return svc
}

// ClusterGroup is the id of a cluster's security group.
func (p *Program) ClusterGroup(prefix string) string {
	return cloud.Text(cloud.Object(p.Created[prefix+"cluster"].Outputs["vpcConfig"])["clusterSecurityGroupId"])
}

// Call calls the service as a pod of the namespace apps of a cluster.
func (p *Program) Call(prefix string, change func(*vpclattice.Call)) vpclattice.Answer {
	p.T.Helper()
	session, _, err := p.Account.EKS.AssumeRoleForPodIdentity("eks-"+prefix+"cluster", "apps", "default",
		"demo-cluster1-v1-69cdbfd45b-mpkjt", "uid")
	if err != nil {
		p.T.Fatal(err)
	}
	c := vpclattice.Call{Scheme: "https", SNI: "demo-cluster2.example.com", SourceIP: "10.0.10.50", Request: lattice.Request{
		Principal: session, Signed: true, SourceVPC: p.ID(prefix + "vpc"), Host: "demo-cluster2.example.com", Port: 443, Path: "/"}}
	if change != nil {
		change(&c)
	}
	return vpclattice.Send(p.Account.Account, c)
}
