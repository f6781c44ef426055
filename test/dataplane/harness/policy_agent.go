//go:build linux

package harness

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
)

// A link is the node's end of a pod's network. That is where AWS's network policy
// agent filters the pod's packets, with eBPF instead of iptables.
// https://github.com/aws/aws-network-policy-agent
type link struct {
	node *Namespace
	name string
}

// A direction is the direction of connections, from the pod's point of view.
type direction struct {
	policyType string // Kubernetes' name
	hook       string // where packets of this direction pass
	device     string // iptables' option for the pod's link at that hook
	peer       string // iptables' option for the other end
}

var directions = []direction{
	{"Ingress", "POSTROUTING", "-o", "-s"},
	{"Egress", "PREROUTING", "-i", "-d"},
}

func (d direction) chain(l link) string { return l.name + "-" + d.policyType }

// open sends the pod's packets through one chain for each direction. The chains
// are empty: a pod that no policy selects has no restrictions.
func (l link) open() error {
	var r ruleset
	for _, d := range directions {
		r.chain(d.chain(l))
		r.add(d.hook, d.device, l.name, "-j", d.chain(l))
	}
	return l.restore(r)
}

// enforce replaces the content of a pod's chains. If a policy selects the pod, a
// connection's first packet passes if the other end is the node or a rule admits
// it, and is dropped otherwise. The packets that follow, in both directions, pass
// with the first.
// https://github.com/aws/aws-network-policy-agent/blob/v1.4.1/pkg/ebpf/c/tc.v4ingress.bpf.c
// https://github.com/aws/aws-network-policy-agent/blob/v1.4.1/pkg/fwruleprocessor/fw_rule_processor.go
func (l link) enforce(pod Pod, policies []NetworkPolicy) error {
	var r ruleset
	for _, d := range directions {
		chain := d.chain(l)
		r.chain(chain)
		isolated := false
		for _, p := range policies {
			if !p.selects(pod, d.policyType) {
				continue
			}
			if !isolated {
				isolated = true
				r.add(chain, "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")
				r.add(chain, d.peer, nodeAddress, "-j", "ACCEPT")
			}
			for _, rule := range p.rules(d.policyType) {
				r.admit(chain, d.peer, rule)
			}
		}
		if isolated {
			r.add(chain, "-j", "DROP")
		}
	}
	return l.restore(r)
}

func (l link) restore(r ruleset) error {
	return l.node.Do(func() error {
		cmd := exec.Command("xtables-nft-multi", "iptables-restore", "--noflush")
		cmd.Stdin = strings.NewReader(r.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("restoring the rules of %s: %w: %s\n%s", l.name, err, out, r)
		}
		return nil
	})
}

// ruleset is the input of iptables-restore for one table.
type ruleset struct{ chains, rules []string }

func (r ruleset) String() string {
	return strings.Join(append(append([]string{"*mangle"}, r.chains...), append(r.rules, "COMMIT\n")...), "\n")
}

// chain creates a chain, or empties it if it exists.
func (r *ruleset) chain(name string) { r.chains = append(r.chains, ":"+name+" - [0:0]") }

func (r *ruleset) add(chain string, rule ...string) {
	r.rules = append(r.rules, "-A "+chain+" "+strings.Join(rule, " "))
}

// admit adds a rule of a policy to a chain. Each network has a chain of its own,
// from which its exceptions return. Like the agent in a cluster with IPv4
// addresses, it skips IPv6 networks.
func (r *ruleset) admit(chain, peer string, rule PolicyRule) {
	peers := rule.Peers
	if len(peers) == 0 { // every address
		everywhere := Peer{}
		everywhere.IPBlock.CIDR = "0.0.0.0/0"
		peers = []Peer{everywhere}
	}
	for _, p := range peers {
		if network, err := netip.ParsePrefix(p.IPBlock.CIDR); err == nil && network.Addr().Is6() {
			continue
		}
		admitted := fmt.Sprintf("%s-%d", chain, len(r.chains))
		r.chain(admitted)
		r.add(chain, peer, p.IPBlock.CIDR, "-j", admitted)
		for _, except := range p.IPBlock.Except {
			r.add(admitted, peer, except, "-j", "RETURN")
		}
		if len(rule.Ports) == 0 {
			r.add(admitted, "-j", "ACCEPT")
		}
		for _, port := range rule.Ports {
			r.add(admitted, append(port.match(), "-j", "ACCEPT")...)
		}
	}
}

// match returns iptables' options for a port of the destination.
func (p PolicyPort) match() []string {
	protocol := strings.ToLower(p.Protocol)
	if protocol == "" {
		protocol = "tcp"
	}
	switch {
	case p.Port == nil:
		return []string{"-p", protocol}
	case p.EndPort == nil:
		return []string{"-p", protocol, "--dport", fmt.Sprint(*p.Port)}
	default:
		return []string{"-p", protocol, "--dport", fmt.Sprintf("%d:%d", *p.Port, *p.EndPort)}
	}
}
