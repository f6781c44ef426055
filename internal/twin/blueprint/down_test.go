package blueprint

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

// upAll brings the environment and some clusters up.
func (p *port) upAll(clusters ...string) {
	p.tb.Helper()
	for _, stack := range append([]string{"environment"}, clusters...) {
		p.must(p.up(stack))
	}
}

// networks are the service networks of the account.
func (p *port) networks() (list []aws.NetworkSnapshot) {
	p.world.Look(func() { list = p.account.Snapshot().Networks })
	return list
}

// The policy of the shared service network goes for both clusters with one of
// them: the other cluster's policy is still there, and means nothing.
func TestPolicyPerCluster(t *testing.T) {
	t.Parallel()
	p := newPort(t, policyPerCluster)
	p.upAll("cluster1", "cluster2")
	if n := p.networks()[0]; n.AuthType != lattice.AuthIAM || n.Policy == "" {
		t.Fatalf("the network with both clusters: %+v", n)
	}
	// A service without a policy of its own, such as every service is between its
	// creation and the moment that its policy takes effect.
	p.must(p.remove("cluster1/" + demo + ".iam_auth_policy"))
	anonymous := call.Caller{Cluster: "eks-cluster1", Namespace: "elsewhere"}
	if r := p.call(anonymous, "http://demo-cluster1."+domain); r.Allowed || r.Status != 403 {
		t.Errorf("an unsigned request with both clusters: %+v", r)
	}

	p.must(p.destroyByScript("cluster2"))
	if n := p.networks()[0]; n.AuthType != lattice.AuthNone || n.Policy != "" {
		t.Errorf("the network after one cluster is gone: %+v", n)
	}
	var policy props
	p.world.Look(func() {
		policy = p.kube.Object("eks-cluster1", "application-networking.k8s.aws", "IAMAuthPolicy", network, network+"-iam-auth-policy")
	})
	if policy == nil {
		t.Error("the policy of the cluster that stays is gone")
	}
	if r := p.call(anonymous, "http://demo-cluster1."+domain); !r.Allowed {
		t.Errorf("an unsigned request after one cluster is gone: %+v", r)
	}
}

// With the policy in the environment the same end of a cluster changes nothing.
func TestPolicyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.upAll("cluster1", "cluster2")
	p.must(p.remove("cluster1/" + demo + ".iam_auth_policy"))
	p.must(p.destroyByScript("cluster2"))
	if n := p.networks()[0]; n.AuthType != lattice.AuthIAM || n.Policy == "" {
		t.Errorf("the network after one cluster is gone: %+v", n)
	}
	if r := p.call(call.Caller{Cluster: "eks-cluster1", Namespace: "elsewhere"}, "http://demo-cluster1."+domain); r.Allowed ||
		r.Status != 403 {
		t.Errorf("an unsigned request: %+v", r)
	}
}

// The controller's service network and its VPC associations are nobody's: they
// keep the VPC, and the network cannot go before them.
func TestNetworkByController(t *testing.T) {
	t.Parallel()
	p := newPort(t, networkByController)
	p.upAll("cluster1", "cluster2")
	vpc := "cluster2/module.vpc.aws_vpc"
	p.broke(p.destroyByScript("cluster2"), vpc, "vpc-has-dependencies", "DependencyViolation",
		"has dependencies and cannot be deleted", "service network association snva-")
	if left := p.leftovers(); !hasPart(left, "vpc-lattice service network sn-", "(lattice-gateway)") ||
		!hasPart(left, "vpc-lattice vpc association snva-") {
		t.Errorf("left: %v", left)
	}

	// What destroy.sh and the README do by the AWS command line, too early.
	id := p.networks()[0].ID
	p.broke(p.byHand("deleting cli: ", func(op *world.Op, l *vpclattice.Lattice) error {
		return l.DeleteServiceNetwork(op, p.account.Caller(""), id)
	}), "cli", "service-network-has-associations", "ConflictException", "has VPC(s) associated")

	for _, stack := range []string{"cluster2", "cluster1"} {
		if stack == "cluster1" {
			if p.destroyByScript(stack) == nil {
				t.Error("cluster1 goes down by itself")
			}
		}
		p.must(p.byHand("", func(op *world.Op, l *vpclattice.Lattice) error {
			list, err := l.VPCAssociations(p.account.Caller(""), id, p.made[stack+"/module.vpc.aws_vpc"].ID)
			if err != nil || len(list) != 1 {
				t.Fatalf("associations %v: %v", list, err)
			}
			return l.DisassociateVPC(op, p.account.Caller(""), list[0].ID)
		}))
		p.must(p.destroy(stack))
	}
	p.must(p.destroy("environment"))
	if left := p.leftovers(); len(left) != 1 || !hasPart(left, "vpc-lattice service network "+id+" (lattice-gateway)") {
		t.Errorf("left: %v", left)
	}
	p.must(p.byHand("", func(op *world.Op, l *vpclattice.Lattice) error {
		return l.DeleteServiceNetwork(op, p.account.Caller(""), id)
	}))
	if left := p.leftovers(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// byHand is a command of the AWS command line.
func (p *port) byHand(prefix string, f func(*world.Op, *vpclattice.Lattice) error) error {
	err := p.world.Do(world.Delete, "", func(op *world.Op) error { return f(op, p.account.Lattice("")) })
	if err != nil && prefix != "" {
		return wrapped{prefix, err}
	}
	return err
}

type wrapped struct {
	prefix string
	error
}

func (w wrapped) Error() string { return w.prefix + w.error.Error() }
func (w wrapped) Unwrap() error { return w.error }

// The CNI goes before the nodes: its interfaces stay in the subnets with the
// nodes' security group, and that keeps the VPC.
func TestAddonsNotPreserved(t *testing.T) {
	t.Parallel()
	p := newPort(t, addonsNotPreserved)
	p.upAll("cluster1")
	group, subnet, vpc := "cluster1/module.eks.aws_security_group.node", "cluster1/module.vpc.aws_subnet.private[2]",
		"cluster1/module.vpc.aws_vpc"
	p.broke(p.destroyByScript("cluster1"), group, "security-group-in-use", "DependencyViolation", "has a dependent object", "aws-K8S-i-")
	p.broke(p.remove(subnet), subnet, "subnet-has-interfaces", "DependencyViolation", "has dependencies and cannot be deleted", "aws-K8S-i-")
	p.broke(p.remove(vpc), vpc, "vpc-has-dependencies", "DependencyViolation",
		"has dependencies and cannot be deleted", "security group "+p.made[group].ID+" eks-cluster1-node", "network interface eni-")
	if left := p.leftovers(); !hasPart(left, "ec2 security group "+p.made[group].ID) || !hasPart(left, "ec2 network interface", "aws-K8S-i-") {
		t.Errorf("left:\n%s", strings.Join(left, "\n"))
	}
}

// The same without the launch template: the interfaces carry the group that EKS
// made, which EKS then leaves behind, and no program knows of it.
func TestAddonsNotPreservedNorTemplate(t *testing.T) {
	t.Parallel()
	p := newPort(t, addonsNotPreserved, noTemplate)
	p.upAll("cluster1")
	group, subnet, vpc := "cluster1/module.eks.aws_security_group.node", "cluster1/module.vpc.aws_subnet.private[2]",
		"cluster1/module.vpc.aws_vpc"
	p.broke(p.destroyByScript("cluster1"), subnet, "subnet-has-interfaces", "DependencyViolation", "aws-K8S-i-")
	if p.made[group] != nil {
		t.Error("the group of the program is still there")
	}
	p.broke(p.remove(vpc), vpc, "vpc-has-dependencies", "DependencyViolation",
		"has dependencies and cannot be deleted", "security group sg-", "eks-cluster-sg-eks-cluster1-")
}

// A security group of the program's own that something refers to: the rule of
// another group, as the EKS module's two groups have of each other.
func TestGroupsReferToEachOther(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.upAll("cluster1")
	p.must(p.destroy("cluster1", "module.eks.aws_eks_cluster"))
	group := "cluster1/module.eks.aws_security_group.node"
	p.broke(p.remove(group), group, "security-group-in-use", "DependencyViolation", "has a dependent object")
	vpc := "cluster1/module.vpc.aws_vpc"
	p.broke(p.remove(vpc), vpc, "vpc-has-dependencies", "DependencyViolation", "security group sg-", "eks-cluster1-node")
}

// The environment cannot go while a cluster uses it, and a later destroy in the
// right order still ends empty.
func TestEnvironmentFirst(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.upAll("cluster1")
	sn := "environment/aws_vpclattice_service_network.this"
	p.broke(p.remove(sn), sn, "service-network-has-associations", "ConflictException", "has VPC(s) associated")
	cert := "environment/aws_acm_certificate.private_domain_cert"
	p.broke(p.remove(cert), cert, "certificate-in-use", "ResourceInUseException", "is in use")
	p.must(p.destroy("cluster1"))
	p.must(p.destroy("environment"))
	if left := p.leftovers(); len(left) > 0 {
		t.Errorf("left:\n%s", strings.Join(left, "\n"))
	}
}
