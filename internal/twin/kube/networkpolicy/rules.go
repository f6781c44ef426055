// Package networkpolicy decides which connections the network policies of a cluster
// admit. As the VPC CNI does, it first turns the policies that select a pod
// into rules about addresses and ports
// (https://github.com/aws/amazon-network-policy-controller-k8s), and then looks
// at the address that a connection comes from or goes to
// (https://github.com/aws/aws-network-policy-agent).
package networkpolicy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Pod is what policies see of a pod.
type Pod struct {
	Namespace string
	Labels    map[string]string
	IP        netip.Addr // invalid: it has none yet
	// HostNetwork pods have the address of their node, and no policy selects them.
	HostNetwork bool
	Ports       []corev1.ContainerPort
}

// Cluster is what the policies of a cluster are about.
type Cluster struct {
	Policies   []networkingv1.NetworkPolicy
	Pods       []Pod
	Namespaces map[string]map[string]string // labels by name
}

// Direction is that of a connection, seen from the pod.
type Direction = networkingv1.PolicyType

// The directions.
const (
	Ingress = networkingv1.PolicyTypeIngress
	Egress  = networkingv1.PolicyTypeEgress
)

// Rule admits connections with the addresses of a network.
type Rule struct {
	Peer   netip.Prefix
	Except []netip.Prefix
	Ports  []Port // none means all
}

// Port is a range of a protocol's ports; Last is 0 for all of them.
type Port struct {
	Protocol    corev1.Protocol
	First, Last int
}

// read reads a policy as the API server stores it.
func read(object map[string]any) (networkingv1.NetworkPolicy, error) {
	var policy networkingv1.NetworkPolicy
	text, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(text, &policy)
	}
	if err != nil {
		return policy, fmt.Errorf("reading network policy: %w", err)
	}
	return policy, nil
}

// Rules returns what is admitted to or from a pod. Without a policy that selects
// the pod for the direction it is not isolated: everything is admitted.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
func (c *Cluster) Rules(pod Pod, direction Direction) (rules []Rule, isolated bool) {
	for _, p := range c.Policies {
		if p.Namespace != pod.Namespace || pod.HostNetwork || !concerns(p.Spec, direction) || !selects(&p.Spec.PodSelector, pod.Labels) {
			continue
		}
		isolated = true
		if direction == Ingress {
			for _, r := range p.Spec.Ingress {
				rules = append(rules, c.resolve(p.Namespace, r.From, r.Ports, &pod)...)
			}
			continue
		}
		for _, r := range p.Spec.Egress {
			rules = append(rules, c.resolve(p.Namespace, r.To, r.Ports, nil)...)
		}
	}
	return rules, isolated
}

// concerns reports whether a policy is about a direction; one that does not say so
// is about ingress, and about egress when it has rules for that.
func concerns(spec networkingv1.NetworkPolicySpec, direction Direction) bool {
	if len(spec.PolicyTypes) > 0 {
		return slices.Contains(spec.PolicyTypes, direction)
	}
	return direction == Ingress || len(spec.Egress) > 0
}

func selects(selector *metav1.LabelSelector, set map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}

var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// resolve turns peers and ports of one rule into rules about addresses. The
// ports are those of the destination, which is the pod itself for ingress and
// each peer for egress.
func (c *Cluster) resolve(namespace string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort,
	destination *Pod) (rules []Rule) {
	add := func(network netip.Prefix, except []netip.Prefix, pod *Pod) {
		if destination != nil {
			pod = destination
		}
		// an unknown name admits nothing, while a rule without ports would admit everything
		if resolved := portsOf(ports, pod); len(resolved) > 0 || len(ports) == 0 {
			rules = append(rules, Rule{Peer: network, Except: except, Ports: resolved})
		}
	}
	if len(peers) == 0 {
		for _, network := range everywhere {
			add(network, nil, nil)
		}
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			if network, err := netip.ParsePrefix(peer.IPBlock.CIDR); err == nil {
				add(network.Masked(), prefixes(peer.IPBlock.Except), nil)
			}
			continue
		}
		for i := range c.Pods {
			if pod := &c.Pods[i]; pod.IP.IsValid() && !pod.HostNetwork && c.isPeer(namespace, peer, pod) {
				add(netip.PrefixFrom(pod.IP, pod.IP.BitLen()), nil, pod)
			}
		}
	}
	return rules
}

// isPeer reports whether a pod is meant: by its own labels within the policy's
// namespace, or by its namespace's, or by both.
func (c *Cluster) isPeer(namespace string, peer networkingv1.NetworkPolicyPeer, pod *Pod) bool {
	if peer.NamespaceSelector == nil && pod.Namespace != namespace {
		return false
	}
	return (peer.NamespaceSelector == nil || selects(peer.NamespaceSelector, c.Namespaces[pod.Namespace])) &&
		(peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels))
}

// portsOf resolves names by the destination; an address alone has none.
func portsOf(ports []networkingv1.NetworkPolicyPort, destination *Pod) (out []Port) {
	for _, p := range ports {
		port := Port{Protocol: corev1.ProtocolTCP}
		if p.Protocol != nil {
			port.Protocol = *p.Protocol
		}
		switch {
		case p.Port == nil:
		case p.Port.Type == intstr.Int:
			port.First, port.Last = p.Port.IntValue(), p.Port.IntValue()
			if p.EndPort != nil {
				port.Last = int(*p.EndPort)
			}
		case destination == nil:
			continue
		default:
			i := slices.IndexFunc(destination.Ports, func(c corev1.ContainerPort) bool { return c.Name == p.Port.StrVal })
			if i < 0 {
				continue
			}
			port.First, port.Last = int(destination.Ports[i].ContainerPort), int(destination.Ports[i].ContainerPort)
		}
		out = append(out, port)
	}
	return out
}

func prefixes(list []string) (out []netip.Prefix) {
	for _, text := range list {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p.Masked())
		}
	}
	return out
}

// admit reports whether one of the rules admits every address of a network to a
// port of a protocol.
func admit(rules []Rule, network netip.Prefix, protocol corev1.Protocol, port int) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool {
		return r.Peer.Bits() <= network.Bits() && r.Peer.Contains(network.Addr()) &&
			!slices.ContainsFunc(r.Except, network.Overlaps) &&
			(len(r.Ports) == 0 || slices.ContainsFunc(r.Ports, func(p Port) bool {
				return p.Protocol == protocol && (p.Last == 0 || p.First <= port && port <= p.Last)
			}))
	})
}
