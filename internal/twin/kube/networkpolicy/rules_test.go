package networkpolicy

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// lattice is where VPC Lattice calls pods from.
const lattice = "169.254.171.0/24"

// cluster has a pod per line, all with the port "web".
func cluster(t *testing.T, policies ...string) *Cluster {
	t.Helper()
	c := &Cluster{Namespaces: map[string]map[string]string{
		"apps":  {"kubernetes.io/metadata.name": "apps"},
		"other": {"kubernetes.io/metadata.name": "other", "team": "b"},
	}}
	for _, p := range []struct{ namespace, app, ip string }{
		{"apps", "demo", "10.0.0.1"}, {"apps", "neighbour", "10.0.0.2"}, {"other", "demo", "10.0.0.3"}, {"other", "web", "10.0.0.4"},
	} {
		c.Pods = append(c.Pods, Pod{Namespace: p.namespace, Labels: map[string]string{"app": p.app}, IP: netip.MustParseAddr(p.ip),
			Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8090}}})
	}
	c.Pods = append(c.Pods, Pod{Namespace: "other", Labels: map[string]string{"app": "late"}})
	for _, text := range policies {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p, err := read(object)
		if err != nil {
			t.Fatal(err)
		}
		c.Policies = append(c.Policies, p)
	}
	return c
}

func policy(spec string) string { return "{metadata: {name: p, namespace: apps}, spec: " + spec + "}" }

const (
	fromLattice = "{podSelector: {matchLabels: {app: demo}}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: " +
		"169.254.171.0/24}}], ports: [{port: 8090}]}]}"
	denyAll = "{podSelector: {}}"
)

func TestIngress(t *testing.T) {
	t.Parallel()
	const (
		neighbour = "10.0.0.2/32"
		otherDemo = "10.0.0.3/32"
		otherWeb  = "10.0.0.4/32"
	)
	for _, c := range []struct {
		name     string
		policies []string
		from     string
		port     int
		want     bool
	}{
		{"no policy", nil, neighbour, 8090, true},
		{"another pod's policy", []string{policy("{podSelector: {matchLabels: {app: neighbour}}}")}, neighbour, 8090, true},
		{"another namespace's policy", []string{"{metadata: {name: p, namespace: other}, spec: {podSelector: {}}}"}, neighbour, 8090, true},
		{"an egress policy", []string{policy("{podSelector: {}, policyTypes: [Egress]}")}, neighbour, 8090, true},
		{"no rule", []string{policy(denyAll)}, neighbour, 8090, false},
		{"Lattice", []string{policy(fromLattice)}, lattice, 8090, true},
		{"Lattice at another port", []string{policy(fromLattice)}, lattice, 8080, false},
		{"not Lattice", []string{policy(fromLattice)}, neighbour, 8090, false},
		{"one of Lattice's addresses is not all", []string{policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: " +
			"169.254.171.32/32}}]}]}")}, lattice, 8090, false},
		{"a wider block", []string{policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 169.254.0.0/16}}]}]}")}, lattice, 8090, true},
		{"a block but for some", []string{policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 169.254.0.0/16, except: " +
			"[169.254.171.64/26]}}]}]}")}, lattice, 8090, false},
		{"a block but for others", []string{policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 169.254.0.0/16, except: " +
			"[169.254.172.0/24]}}]}]}")}, lattice, 8090, true},
		{"another family", []string{policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: \"::/0\"}}]}]}")}, neighbour, 8090, false},
		{"a union", []string{policy(denyAll), policy(fromLattice)}, lattice, 8090, true},
		{"a union admits no third", []string{policy(denyAll), policy(fromLattice)}, neighbour, 8090, false},
		{"no peers are all", []string{policy("{podSelector: {}, ingress: [{ports: [{port: 8090}]}]}")}, otherWeb, 8090, true},
		{"pods of the namespace", []string{policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}")}, neighbour, 8090, true},
		{"pods of the namespace only", []string{policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}")}, otherWeb, 8090, false},
		{"every namespace", []string{policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}")}, otherWeb, 8090, true},
		{"a namespace's label", []string{policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]}")},
			otherWeb, 8090, true},
		{"a namespace without the label", []string{policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: " +
			"b}}}]}]}")}, neighbour, 8090, false},
		{"both selectors", []string{policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: " +
			"{matchLabels: {app: web}}}]}]}")}, otherWeb, 8090, true},
		{"one of both selectors", []string{policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, " +
			"podSelector: {matchLabels: {app: web}}}]}]}")}, otherDemo, 8090, false},
		{"either of two peers", []string{policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, " +
			"{podSelector: {matchLabels: {app: web}}}]}]}")}, otherDemo, 8090, true},
		{"a range of ports", []string{policy("{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8099}]}]}")}, neighbour, 8090, true},
		{"beyond the range", []string{policy("{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8089}]}]}")}, neighbour, 8090, false},
		{"all ports of a protocol", []string{policy("{podSelector: {}, ingress: [{ports: [{protocol: TCP}]}]}")}, neighbour, 8090, true},
		{"another protocol", []string{policy("{podSelector: {}, ingress: [{ports: [{protocol: UDP, port: 8090}]}]}")}, neighbour, 8090, false},
		{"a named port", []string{policy("{podSelector: {}, ingress: [{ports: [{port: web}]}]}")}, neighbour, 8090, true},
		{"a name that no port has", []string{policy("{podSelector: {}, ingress: [{ports: [{port: metrics}]}]}")}, neighbour, 8090, false},
		{"an expression", []string{policy("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [demo]}]}}")}, neighbour, 8090,
			true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := cluster(t, c.policies...)
			rules, isolated := w.Rules(w.Pods[0], Ingress)
			if got := !isolated || admit(rules, netip.MustParsePrefix(c.from), corev1.ProtocolTCP, c.port); got != c.want {
				t.Errorf("admitted: %v, want %v, by %+v", got, c.want, rules)
			}
		})
	}
}

func TestEgress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, policy, to string
		port             int
		want             bool
	}{
		{"an ingress policy", policy(denyAll), lattice, 443, true},
		{"no rule", policy("{podSelector: {}, policyTypes: [Egress]}"), lattice, 443, false},
		{"rules without a type", policy("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"), lattice, 443, false},
		{"Lattice", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 169.254.171.0/24}}]}]}"), lattice, 443,
			true},
		{"everywhere", policy("{podSelector: {}, policyTypes: [Egress], egress: [{}]}"), lattice, 443, true},
		{"a port by the name that the destination has", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: " +
			"{}}], ports: [{port: web}]}]}"), "10.0.0.4/32", 8090, true},
		{"a name does not fit an address", policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], " +
			"ports: [{port: web}]}]}"), lattice, 8090, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := cluster(t, c.policy)
			rules, isolated := w.Rules(w.Pods[0], Egress)
			if got := !isolated || admit(rules, netip.MustParsePrefix(c.to), corev1.ProtocolTCP, c.port); got != c.want {
				t.Errorf("admitted: %v, want %v, by %+v", got, c.want, rules)
			}
		})
	}
}

// Pods on their node's network are not a policy's business.
func TestHostNetwork(t *testing.T) {
	t.Parallel()
	w := cluster(t, policy(denyAll))
	w.Pods[0].HostNetwork = true
	if _, isolated := w.Rules(w.Pods[0], Ingress); isolated {
		t.Error("a policy isolates a pod on its node's network")
	}
}

func TestReadRefusesWhatIsNoPolicy(t *testing.T) {
	t.Parallel()
	if _, err := read(map[string]any{"spec": "none"}); err == nil {
		t.Error("no error")
	}
}
