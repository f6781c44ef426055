package kube

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/netpol"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawEnforcement = law.New(law.Kubernetes, "network-policies-need-the-cni",
		"A NetworkPolicy is accepted and does nothing unless the vpc-cni addon is configured with enableNetworkPolicy \"true\"; the twin warns.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html")
	lawPolicyReleased = law.New(law.Kubernetes, "network-policies-are-released-by-their-controller",
		"While network policies are enforced, EKS's controller has a finalizer on each of them; once that is turned off, or the vpc-cni addon deleted, nobody removes it.",
		"https://github.com/aws/amazon-network-policy-controller-k8s/blob/main/internal/controllers/policy_controller.go")
	lawIsolation = law.New(law.Call, "network-policies-isolate-pods",
		"Of a pod that network policies select, and to it, only those connections pass that one of the policies admits; all others are dropped, VPC Lattice's requests and health checks too, which come from 169.254.171.0/24.",
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/")
	lawFromTheNode = law.New(law.Call, "network-policies-admit-the-node",
		"What comes from a pod's own node, such as the kubelet's probes, passes every network policy.",
		"https://github.com/aws/aws-network-policy-agent/blob/main/pkg/fwruleprocessor/fw_rule_processor.go")
)

const (
	policyGroup      = "networking.k8s.io"
	policyKind       = "NetworkPolicy"
	networkFinalizer = "networking.k8s.aws/resources"
)

// Addresses that are the same in every cluster.
var (
	clusterDNS   = netip.MustParseAddr("172.20.0.10")    // of the Service kube-dns
	agentAddress = netip.MustParseAddr("169.254.170.23") // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
)

// runNetworkPolicies is EKS's network policy controller, which runs in the
// control plane when the addon says so.
func (c *Cluster) runNetworkPolicies(*world.Op) {
	addon, enforced := c.Account.EnforcesPolicies(c.EKS.Name)
	for _, p := range c.API.List(policyGroup, policyKind, "") {
		c.Clear(p)
		switch {
		case enforced && p.Terminating():
			p.DeletionDependsOn(addon, lawPolicyReleased)
			_ = c.API.Write(p, "controller", func(content obj.Map) {
				kept := slices.DeleteFunc(obj.List(content, "metadata", "finalizers"), func(f any) bool { return f == networkFinalizer })
				obj.Set(content, kept, "metadata", "finalizers")
			})
		case enforced:
			p.DependsOnNow(addon, lawEnforcement)
			if !slices.Contains(p.Finalizers(), networkFinalizer) {
				_ = c.API.Write(p, "controller", func(content obj.Map) {
					obj.Set(content, append(obj.List(content, "metadata", "finalizers"), networkFinalizer), "metadata", "finalizers")
				})
			}
		case p.Terminating():
			c.Blame(p, lawPolicyReleased, "the network policy controller of EKS is off")
		default:
			c.Warn(lawEnforcement, "NetworkPolicy %s/%s of cluster %s does nothing: the vpc-cni addon is not told to enforce network policies",
				p.Namespace, p.Name, c.EKS.Name)
		}
	}
}

// admits tells whether network policies let a pod have connections with every
// address of a network, to a port of the pod or of the other side.
func (c *Cluster) admits(pod *api.Object, direction netpol.Direction, peer netip.Prefix, protocol corev1.Protocol, port int) bool {
	if direction == netpol.Ingress && peer == c.nodeOf(pod) {
		return true
	}
	if _, enforced := c.Account.EnforcesPolicies(c.EKS.Name); !enforced || len(c.API.List(policyGroup, policyKind, pod.Namespace)) == 0 {
		return true
	}
	rules, isolated := c.isolation().Rules(subject(pod), direction)
	return !isolated || netpol.Admit(rules, peer, protocol, port)
}

// isolation is what network policies are about. CoreDNS is no pod of the twin,
// but policies name it.
func (c *Cluster) isolation() *netpol.Cluster {
	n := &netpol.Cluster{Namespaces: map[string]map[string]string{}}
	for _, o := range c.API.List(policyGroup, policyKind, "") {
		if p, err := netpol.Read(o.Content); err == nil {
			n.Policies = append(n.Policies, p)
		}
	}
	for _, o := range c.API.List("", "Namespace", "") {
		n.Namespaces[o.Name] = o.Labels()
	}
	for _, o := range c.API.List("", "Pod", "") {
		n.Pods = append(n.Pods, subject(o))
	}
	n.Pods = append(n.Pods, netpol.Pod{Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"}, IP: clusterDNS})
	return n
}

// subject is what policies see of a pod.
func subject(pod *api.Object) netpol.Pod {
	p := netpol.Pod{Namespace: pod.Namespace, Labels: pod.Labels(), HostNetwork: obj.Bool(pod.Content, "spec", "hostNetwork")}
	p.IP, _ = netip.ParseAddr(obj.Str(pod.Content, "status", "podIP"))
	for _, container := range pods.Running(pod) {
		for _, port := range obj.Maps(container, "ports") {
			p.Ports = append(p.Ports, corev1.ContainerPort{Name: obj.Str(port, "name"), ContainerPort: int32(obj.Int(port, "containerPort"))}) //nolint:gosec // checked to be a port
		}
	}
	return p
}

// nodeOf is the address of a pod's node.
func (c *Cluster) nodeOf(pod *api.Object) netip.Prefix {
	for _, n := range c.Nodes() {
		if addr, err := netip.ParseAddr(n.IP); err == nil && n.Name == obj.Str(pod.Content, "spec", "nodeName") {
			return single(addr)
		}
	}
	return netip.Prefix{}
}

// single is the network of one address.
func single(addr netip.Addr) netip.Prefix { return netip.PrefixFrom(addr, addr.BitLen()) }

// blocksLattice tells by which law a target gets nothing from VPC Lattice,
// neither requests nor health checks.
func (c *Clusters) blocksLattice(t *aws.Target) law.Law {
	if cl, pod := c.podOf(t); pod != nil && !cl.admits(pod, netpol.Ingress, latticeRange, corev1.ProtocolTCP, t.Port) {
		return lawIsolation
	}
	return law.Law{}
}
