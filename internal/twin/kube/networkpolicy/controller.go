package networkpolicy

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

const (
	group     = "networking.k8s.io"
	kind      = "NetworkPolicy"
	finalizer = "networking.k8s.aws/resources"
)

// ClusterDNS is the address of the Service kube-dns in every cluster.
var ClusterDNS = netip.MustParseAddr("172.20.0.10")

// Controller is EKS's network policy controller, which runs in the control plane
// when the addon says so, with the agents that enforce policies on nodes.
type Controller struct{ mgr *controller.Manager }

// New returns the controller of a cluster.
func New(mgr *controller.Manager) *Controller { return &Controller{mgr} }

// Reconcile holds each policy by a finalizer, and releases those that are deleted.
func (c *Controller) Reconcile(*world.Op) {
	addon, enforced := c.mgr.Account.EKS.EnforcesPolicies(c.mgr.EKS.Name)
	for _, p := range c.mgr.API.List(group, kind, "") {
		c.mgr.Clear(p)
		switch {
		case enforced && p.Terminating():
			p.DeletionDependsOn(addon, LawReleased)
			_ = c.mgr.API.Write(p, "controller", func(content obj.Map) { controller.RemoveFinalizer(content, finalizer) })
		case enforced:
			p.DependsOnNow(addon, LawEnforcement)
			_ = c.mgr.API.Write(p, "controller", func(content obj.Map) { controller.AddFinalizer(content, finalizer) })
		case p.Terminating():
			c.mgr.Blame(p, LawReleased, "the network policy controller of EKS is off")
		default:
			c.mgr.Warn(LawEnforcement, "NetworkPolicy %s/%s of cluster %s does nothing: the vpc-cni addon is not told to enforce network policies",
				p.Namespace, p.Name, c.mgr.EKS.Name)
		}
	}
}

// Admits reports whether network policies let a pod have connections with every
// address of a network, to a port of the pod or of the other side.
func (c *Controller) Admits(pod *api.Object, direction Direction, peer netip.Prefix, protocol corev1.Protocol, port int) bool {
	if direction == Ingress && peer == c.Node(pod) {
		return true
	}
	if _, enforced := c.mgr.Account.EKS.EnforcesPolicies(c.mgr.EKS.Name); !enforced || len(c.mgr.API.List(group, kind, pod.Namespace)) == 0 {
		return true
	}
	rules, isolated := c.isolation().Rules(subject(pod), direction)
	return !isolated || admit(rules, peer, protocol, port)
}

// isolation is what network policies are about. CoreDNS is no pod of the twin,
// but policies name it.
func (c *Controller) isolation() *Cluster {
	n := &Cluster{Namespaces: map[string]map[string]string{}}
	for _, o := range c.mgr.API.List(group, kind, "") {
		if p, err := read(o.Content); err == nil {
			n.Policies = append(n.Policies, p)
		}
	}
	for _, o := range c.mgr.API.List("", "Namespace", "") {
		n.Namespaces[o.Name] = o.Labels()
	}
	for _, o := range c.mgr.API.List("", "Pod", "") {
		n.Pods = append(n.Pods, subject(o))
	}
	n.Pods = append(n.Pods, Pod{Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"}, IP: ClusterDNS})
	return n
}

// subject is what policies see of a pod.
func subject(pod *api.Object) Pod {
	p := Pod{Namespace: pod.Namespace, Labels: pod.Labels(), HostNetwork: obj.Bool(pod.Content, "spec", "hostNetwork")}
	p.IP, _ = netip.ParseAddr(obj.Str(pod.Content, "status", "podIP"))
	for _, container := range pods.Running(pod) {
		for _, port := range obj.Maps(container, "ports") {
			p.Ports = append(p.Ports, corev1.ContainerPort{Name: obj.Str(port, "name"),
				ContainerPort: int32(obj.Int(port, "containerPort"))}) //nolint:gosec // checked to be a port
		}
	}
	return p
}

// Node is the address of a pod's node.
func (c *Controller) Node(pod *api.Object) netip.Prefix {
	for _, n := range c.mgr.Nodes() {
		if addr, err := netip.ParseAddr(n.IP); err == nil && n.Name == obj.Str(pod.Content, "spec", "nodeName") {
			return Single(addr)
		}
	}
	return netip.Prefix{}
}

// Single is the network of one address.
func Single(addr netip.Addr) netip.Prefix { return netip.PrefixFrom(addr, addr.BitLen()) }
