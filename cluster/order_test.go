package cluster

import (
	"strings"
	"testing"

	"eks-lattice/internal/recorder"
)

// The order of a deployment, and backwards of a destroy. Each step is a list of
// resources by type and name. All of them need all of those of the step before.
var order = []struct {
	step      string
	resources []string
}{
	{"VPC", []string{"aws:ec2/vpc:Vpc eks-cluster1-vpc"}},
	{"internet gateway", []string{"aws:ec2/internetGateway:InternetGateway eks-cluster1-internet"}},
	{"NAT gateway", []string{"aws:ec2/natGateway:NatGateway eks-cluster1-nat-0"}},
	{"routes", []string{
		"aws:ec2/route:Route eks-cluster1-private-0",
		"aws:ec2/route:Route eks-cluster1-private-1",
		"aws:ec2/route:Route eks-cluster1-private-2",
	}},
	{"nodes", []string{"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes"}},
	{"Kubernetes provider", []string{"pulumi:providers:kubernetes eks-cluster1-kubernetes"}},
	{"CRDs", []string{
		crd + "dnsendpoints.externaldns.k8s.io",
		crd + "gatewayclasses.gateway.networking.k8s.io",
		crd + "gateways.gateway.networking.k8s.io",
		crd + "grpcroutes.gateway.networking.k8s.io",
		crd + "httproutes.gateway.networking.k8s.io",
		crd + "tlsroutes.gateway.networking.k8s.io",
	}},
	{"Lattice controller", []string{"kubernetes:helm.sh/v3:Release eks-cluster1-lattice-controller"}},
	{"gateway class", []string{"kubernetes:gateway.networking.k8s.io/v1:GatewayClass eks-cluster1-gateway-class"}},
	{"gateway", []string{"kubernetes:gateway.networking.k8s.io/v1:Gateway eks-cluster1-gateway"}},
	{"route", []string{"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route"}},
	{"auth policy", []string{"kubernetes:application-networking.k8s.aws/v1alpha1:IAMAuthPolicy demo-cluster1-auth-policy"}},
}

const crd = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition eks-cluster1-"

// alsoBefore has more of the order: earlier must exist before later, and outlive it.
var alsoBefore = []struct{ earlier, later, why string }{
	{"aws:ec2/subnet:Subnet eks-cluster1-private-0", "eks:index:Cluster eks-cluster1-eks", "a control plane has its interfaces there"},
	{"eks:index:Cluster eks-cluster1-eks", "aws:eks/addon:Addon eks-cluster1-vpc-cni", "an add-on belongs to the cluster"},
	{"eks:index:Cluster eks-cluster1-eks", "aws:eks/addon:Addon eks-cluster1-kube-proxy", "an add-on belongs to the cluster"},
	{"eks:index:Cluster eks-cluster1-eks", "aws:eks/addon:Addon eks-cluster1-eks-pod-identity-agent", "an add-on belongs to the cluster"},
	{"aws:eks/addon:Addon eks-cluster1-vpc-cni",
		"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "a node needs it to become ready, and to clean up when it is deleted"},
	{"aws:eks/addon:Addon eks-cluster1-kube-proxy", "aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "all pods reach Services"},
	{"aws:eks/addon:Addon eks-cluster1-eks-pod-identity-agent",
		"pulumi:providers:kubernetes eks-cluster1-kubernetes", "all pods get credentials"},
	{"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "aws:eks/addon:Addon eks-cluster1-coredns", "without nodes, EKS waits for it in vain"},
	{"aws:eks/addon:Addon eks-cluster1-coredns", "kubernetes:helm.sh/v3:Release eks-cluster1-lattice-controller", "it calls AWS by name"},
	{"aws:eks/addon:Addon eks-cluster1-coredns", "kubernetes:helm.sh/v3:Release eks-cluster1-external-dns", "it calls AWS by name"},
	{"aws:eks/addon:Addon eks-cluster1-coredns", "kubernetes:apps/v1:Deployment demo-cluster1-deployment", "applications call by name"},
	{"aws:iam/rolePolicyAttachment:RolePolicyAttachment eks-cluster1-node-AmazonEKSWorkerNodePolicy",
		"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "a node joins with this policy"},
	{"aws:iam/rolePolicyAttachment:RolePolicyAttachment eks-cluster1-node-AmazonEKS_CNI_Policy",
		"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "the CNI deletes its interfaces with this policy"},
	{"aws:iam/rolePolicyAttachment:RolePolicyAttachment eks-cluster1-node-AmazonEC2ContainerRegistryReadOnly",
		"aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes", "nodes pull the images of the add-ons with this policy"},
	{"aws:ec2/routeTableAssociation:RouteTableAssociation eks-cluster1-public-0",
		"aws:ec2/natGateway:NatGateway eks-cluster1-nat-0", "nodes use it as soon as it exists"},
	{"aws:eks/accessEntry:AccessEntry eks-cluster1-admin-123456789012/role/Admin",
		"aws:eks/accessPolicyAssociation:AccessPolicyAssociation eks-cluster1-admin-123456789012/role/Admin", "a policy belongs to an entry"},
	{"aws:ec2/internetGateway:InternetGateway eks-cluster1-internet",
		"aws:ec2/eip:Eip eks-cluster1-nat-0", "a gateway with mapped addresses is not detached"},
	{"aws:eks/accessPolicyAssociation:AccessPolicyAssociation eks-cluster1-admin-123456789012/role/Admin",
		"pulumi:providers:kubernetes eks-cluster1-kubernetes", "objects need access until they are deleted"},
	{"aws:iam/rolePolicy:RolePolicy eks-cluster1-lattice-controller",
		"aws:eks/podIdentityAssociation:PodIdentityAssociation eks-cluster1-lattice-controller", "credentials need their permissions"},
	{"aws:eks/podIdentityAssociation:PodIdentityAssociation eks-cluster1-lattice-controller",
		"kubernetes:helm.sh/v3:Release eks-cluster1-lattice-controller", "pods get credentials when they are created"},
	{"aws:eks/podIdentityAssociation:PodIdentityAssociation eks-cluster1-external-dns",
		"kubernetes:helm.sh/v3:Release eks-cluster1-external-dns", "pods get credentials when they are created"},
	{crd + "dnsendpoints.externaldns.k8s.io",
		"kubernetes:helm.sh/v3:Release eks-cluster1-external-dns", "it reads this kind"},
	{"aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation eks-cluster1-service-network",
		"kubernetes:gateway.networking.k8s.io/v1:Gateway eks-cluster1-gateway", "routes need an associated VPC"},
	{"kubernetes:helm.sh/v3:Release eks-cluster1-kyverno",
		"kubernetes:policies.kyverno.io/v1:MutatingPolicy eks-cluster1-injection",
		"it defines the kind, and its webhook must be empty before it is deleted"},
	{"kubernetes:policies.kyverno.io/v1:MutatingPolicy eks-cluster1-injection",
		"kubernetes:apps/v1:Deployment demo-cluster1-deployment", "pods get the proxy when they are created"},
	{"aws:eks/podIdentityAssociation:PodIdentityAssociation apps-default",
		"kubernetes:apps/v1:Deployment demo-cluster1-deployment", "pods get credentials when they are created"},
	{"kubernetes:networking.k8s.io/v1:NetworkPolicy demo-cluster1-network-policy",
		"kubernetes:apps/v1:Deployment demo-cluster1-deployment", "without it, everybody can call the pods"},
	{"kubernetes:core/v1:Namespace apps-namespace",
		"kubernetes:networking.k8s.io/v1:NetworkPolicy demo-cluster1-network-policy", "it is in the namespace"},
	{"aws:eks/addon:Addon eks-cluster1-vpc-cni",
		"kubernetes:networking.k8s.io/v1:NetworkPolicy demo-cluster1-network-policy", "the add-on's controller deletes its finalizer"},
	{"kubernetes:core/v1:ConfigMap apps-proxy",
		"kubernetes:apps/v1:Deployment demo-cluster1-deployment", "the proxy mounts it"},
	{"kubernetes:helm.sh/v3:Release eks-cluster1-external-dns",
		"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route", "it must delete the record"},
	{"kubernetes:helm.sh/v3:Release eks-cluster1-external-dns",
		"kubernetes:apps/v1:Deployment demo-cluster1-deployment", "it deletes the record while the pods drain"},
	{"kubernetes:helm.sh/v3:Release eks-cluster1-lattice-controller",
		"kubernetes:apps/v1:Deployment demo-cluster1-deployment", "it deletes target groups while the pods drain"},
	{"kubernetes:core/v1:Service demo-cluster1-service",
		"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route", "a route leads to a Service"},
	{"kubernetes:apps/v1:Deployment demo-cluster1-deployment",
		"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute demo-cluster1-route", "callers are refused before the pods are deleted"},
}

// The control plane takes longest, and does not need a route to the Internet.
func TestControlPlaneDoesNotWaitForNAT(t *testing.T) {
	t.Parallel()
	r := run(t)
	closure := r.Closure(find(t, r, "eks:index:Cluster eks-cluster1-eks").URN)
	if nat := find(t, r, "aws:ec2/natGateway:NatGateway eks-cluster1-nat-0"); closure[nat.URN] {
		t.Errorf("the control plane depends on %s", nat.URN)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:adminPrincipalArns", `["arn:aws:iam::123456789012:role/Admin"]`)
	for i := 1; i < len(order); i++ {
		for _, later := range order[i].resources {
			for _, earlier := range order[i-1].resources {
				checkBefore(t, r, earlier, later, order[i-1].step+" before "+order[i].step)
			}
		}
	}
	for _, pair := range alsoBefore {
		checkBefore(t, r, pair.earlier, pair.later, pair.why)
	}
}

// EKS creates a missing group while the control plane writes, and never deletes it.
func TestLogGroupOutlivesTheControlPlane(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:clusterLogTypes", `["api", "audit"]`)
	const group = "aws:cloudwatch/logGroup:LogGroup eks-cluster1-control-plane"
	checkBefore(t, r, group, "eks:index:Cluster eks-cluster1-eks", "EKS creates a group that does not exist")
	for _, res := range run(t).Resources() {
		if res.Type == "aws:cloudwatch/logGroup:LogGroup" {
			t.Errorf("%s exists without logs", res.URN)
		}
	}
}

// These lead to an API without a public endpoint while in-cluster objects exist.
func TestPrivateAccessOutlivesTheCluster(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:publicAccessCidrs", "[]", "eks-lattice:privateAccessCidrs", `["10.200.0.0/16"]`,
		"eks-lattice:transitGatewayId", "tgw-0123456789abcdef0")
	const attachment, rule = "aws:ec2transitgateway/vpcAttachment:VpcAttachment eks-cluster1-transit",
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule eks-cluster1-api-10.200.0.0/16"
	for _, subnet := range []string{"public-0", "public-1", "public-2", "private-0", "private-1", "private-2"} {
		route := "aws:ec2/route:Route eks-cluster1-" + subnet + "-10.200.0.0/16"
		checkBefore(t, r, attachment, route, "a route to a gateway needs the attachment")
		checkBefore(t, r, route, "pulumi:providers:kubernetes eks-cluster1-kubernetes", "answers need it")
	}
	checkBefore(t, r, rule, "pulumi:providers:kubernetes eks-cluster1-kubernetes", "it admits the deployment")
}

func TestKeyOutlivesTheCluster(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:customerManagedKey", "true")
	checkBefore(t, r, "aws:kms/key:Key eks-cluster1-key", "eks:index:Cluster eks-cluster1-eks", "without it the data is lost")
}

func TestFlowLogsOrder(t *testing.T) {
	t.Parallel()
	const flows = "aws:ec2/flowLog:FlowLog eks-cluster1-flow-logs"
	r := run(t, "eks-lattice:flowLogs", "true")
	checkBefore(t, r, "aws:iam/rolePolicy:RolePolicy eks-cluster1-flow-logs", flows, "it writes with this permission")
	checkBefore(t, r, "aws:cloudwatch/logGroup:LogGroup eks-cluster1-flow-logs", flows, "it writes there")
}

// Resources that cost extra need a key.
func TestNothingExpensiveByDefault(t *testing.T) {
	t.Parallel()
	r := run(t)
	for _, token := range []string{
		"aws:kms/key:Key", "aws:ec2/flowLog:FlowLog", "aws:ec2transitgateway/vpcAttachment:VpcAttachment", "aws:cloudwatch/logGroup:LogGroup",
	} {
		if created := r.OfType(token); len(created) > 0 {
			t.Errorf("%s exists by default", created[0].URN)
		}
	}
}

// checkBefore checks both directions: the later resource depends on the earlier one,
// and not the other way round.
func checkBefore(t *testing.T, r *recorder.Recording, earlier, later, why string) {
	t.Helper()
	first, second := find(t, r, earlier), find(t, r, later)
	if !r.Closure(second.URN)[first.URN] {
		t.Errorf("%s does not depend on %s: %s", later, earlier, why)
	}
	if r.Closure(first.URN)[second.URN] {
		t.Errorf("%s depends on %s, which comes after it: %s", earlier, later, why)
	}
}

func find(t *testing.T, r *recorder.Recording, typeAndName string) *recorder.Resource {
	t.Helper()
	token, name, _ := strings.Cut(typeAndName, " ")
	return r.Get(t, token, name)
}
