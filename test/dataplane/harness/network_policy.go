//go:build linux

package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// NetworkPolicy is a policy as the API server has stored it.
type NetworkPolicy struct {
	Namespace string
	Spec      NetworkPolicySpec
}

// NetworkPolicySpec mirrors the part of Kubernetes' type that the program uses.
// Reading a policy with other fields fails, so that no part of a policy is
// ignored.
type NetworkPolicySpec struct {
	PodSelector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"podSelector"`
	PolicyTypes []string      `json:"policyTypes"`
	Ingress     []IngressRule `json:"ingress"`
	Egress      []EgressRule  `json:"egress"`
}

// IngressRule admits connections to a pod.
type IngressRule struct {
	From  []Peer       `json:"from"`
	Ports []PolicyPort `json:"ports"`
}

// EgressRule admits connections of a pod.
type EgressRule struct {
	To    []Peer       `json:"to"`
	Ports []PolicyPort `json:"ports"`
}

// PolicyRule is a rule of either direction.
type PolicyRule struct {
	Peers []Peer // empty means all
	Ports []PolicyPort
}

// Peer is a network at the other end.
type Peer struct {
	IPBlock struct {
		CIDR   string   `json:"cidr"`
		Except []string `json:"except"`
	} `json:"ipBlock"`
}

// PolicyPort is a range of a protocol's ports, all of them without a port.
type PolicyPort struct {
	Protocol string `json:"protocol"`
	Port     *int   `json:"port"`
	EndPort  *int   `json:"endPort"`
}

// UnmarshalJSON fails if the type lacks a field.
func (s *NetworkPolicySpec) UnmarshalJSON(raw []byte) error {
	type plain NetworkPolicySpec
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode((*plain)(s)); err != nil {
		return fmt.Errorf("reading a network policy: %w", err)
	}
	return nil
}

// selects reports whether the policy isolates a pod for a policy type.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
func (p NetworkPolicy) selects(pod Pod, policyType string) bool {
	for key, value := range p.Spec.PodSelector.MatchLabels {
		if got, ok := pod.Labels[key]; !ok || got != value {
			return false
		}
	}
	switch {
	case p.Namespace != pod.Namespace:
		return false
	case len(p.Spec.PolicyTypes) > 0:
		return slices.Contains(p.Spec.PolicyTypes, policyType)
	default: // https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
		return policyType == "Ingress" || len(p.Spec.Egress) > 0
	}
}

// rules returns the policy's rules for a policy type.
func (p NetworkPolicy) rules(policyType string) (rules []PolicyRule) {
	if policyType == "Ingress" {
		for _, r := range p.Spec.Ingress {
			rules = append(rules, PolicyRule{r.From, r.Ports})
		}
		return rules
	}
	for _, r := range p.Spec.Egress {
		rules = append(rules, PolicyRule{r.To, r.Ports})
	}
	return rules
}
