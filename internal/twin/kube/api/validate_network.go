package api

import (
	"encoding/json"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"eks-lattice/internal/twin/kube/obj"
)

// validateNetworkPolicy is what the API server says of a NetworkPolicy:
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/apis/networking/validation/validation.go
func validateNetworkPolicy(content obj.Map) field.ErrorList {
	var policy networkingv1.NetworkPolicy
	path := field.NewPath("spec")
	text, err := json.Marshal(content)
	if err == nil {
		err = json.Unmarshal(text, &policy)
	}
	if err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	spec := policy.Spec
	errs := metavalidation.ValidateLabelSelector(&spec.PodSelector, metavalidation.LabelSelectorValidationOptions{}, path.Child("podSelector"))
	for i, r := range spec.Ingress {
		errs = append(errs, validatePolicyRule(r.From, r.Ports, path.Child("ingress").Index(i), "from")...)
	}
	for i, r := range spec.Egress {
		errs = append(errs, validatePolicyRule(r.To, r.Ports, path.Child("egress").Index(i), "to")...)
	}
	types := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	for i, t := range spec.PolicyTypes {
		if !slices.Contains(types, t) {
			errs = append(errs, field.NotSupported(path.Child("policyTypes").Index(i), t, types))
		}
	}
	return errs
}

func validatePolicyRule(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, path *field.Path,
	direction string) field.ErrorList {
	var errs field.ErrorList
	for i, p := range ports {
		errs = append(errs, validatePolicyPort(p, path.Child("ports").Index(i))...)
	}
	for i, p := range peers {
		at := path.Child(direction).Index(i)
		selectors := 0
		if p.PodSelector != nil {
			selectors++
			errs = append(errs, metavalidation.ValidateLabelSelector(p.PodSelector, metavalidation.LabelSelectorValidationOptions{},
				at.Child("podSelector"))...)
		}
		if p.NamespaceSelector != nil {
			selectors++
			errs = append(errs, metavalidation.ValidateLabelSelector(p.NamespaceSelector, metavalidation.LabelSelectorValidationOptions{},
				at.Child("namespaceSelector"))...)
		}
		switch {
		case p.IPBlock != nil && selectors > 0:
			errs = append(errs, field.Forbidden(at, "may not specify both ipBlock and another peer"))
		case p.IPBlock != nil:
			errs = append(errs, validateIPBlock(p.IPBlock, at.Child("ipBlock"))...)
		case selectors == 0:
			errs = append(errs, field.Required(at, "must specify a peer"))
		}
	}
	return errs
}

func validatePolicyPort(p networkingv1.NetworkPolicyPort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	protocols := []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
	if p.Protocol != nil && !slices.Contains(protocols, *p.Protocol) {
		errs = append(errs, field.NotSupported(path.Child("protocol"), *p.Protocol, protocols))
	}
	switch {
	case p.Port == nil:
		if p.EndPort != nil {
			errs = append(errs, field.Invalid(path.Child("endPort"), *p.EndPort, "may not be specified when `port` is not specified"))
		}
	case p.Port.Type == intstr.Int:
		for _, message := range utilvalidation.IsValidPortNum(p.Port.IntValue()) {
			errs = append(errs, field.Invalid(path.Child("port"), p.Port.IntVal, message))
		}
		if p.EndPort != nil && *p.EndPort < p.Port.IntVal {
			errs = append(errs, field.Invalid(path.Child("endPort"), *p.EndPort, "must be greater than or equal to `port`"))
		}
	default:
		if p.EndPort != nil {
			errs = append(errs, field.Invalid(path.Child("endPort"), *p.EndPort, "may not be specified when `port` is non-numeric"))
		}
		for _, message := range utilvalidation.IsValidPortName(p.Port.StrVal) {
			errs = append(errs, field.Invalid(path.Child("port"), p.Port.StrVal, message))
		}
	}
	return errs
}

func validateIPBlock(block *networkingv1.IPBlock, path *field.Path) field.ErrorList {
	if block.CIDR == "" {
		return field.ErrorList{field.Required(path.Child("cidr"), "")}
	}
	errs := utilvalidation.IsValidCIDRForLegacyField(path.Child("cidr"), block.CIDR, false, nil)
	cidr, err := netip.ParsePrefix(block.CIDR)
	for i, text := range block.Except {
		at := path.Child("except").Index(i)
		errs = append(errs, utilvalidation.IsValidCIDRForLegacyField(at, text, false, nil)...)
		except, exceptErr := netip.ParsePrefix(text)
		if err == nil && exceptErr == nil && (!cidr.Contains(except.Addr()) || cidr.Bits() >= except.Bits()) {
			errs = append(errs, field.Invalid(at, text, "must be a strict subset of `cidr`"))
		}
	}
	return errs
}
