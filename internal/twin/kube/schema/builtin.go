package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

//go:embed builtin.yaml
var builtinYAML string

var builtinParser = sync.OnceValue(func() *typed.Parser {
	p, err := typed.NewParser(typed.YAMLObject(builtinYAML))
	if err != nil {
		panic(fmt.Sprintf("the embedded schema of built-in kinds does not parse: %v", err))
	}
	return p
})

// Builtin is a kind that every API server serves.
type Builtin struct {
	GVK        schema.GroupVersionKind
	Resource   string // the plural
	Namespaced bool
	model      string // the name in Kubernetes' OpenAPI, empty when it has no schema here
	decode     func() any
}

const coreModel = "io.k8s.api.core.v1."

// builtins are the kinds that the program, the charts and the controllers use.
var builtins = index([]Builtin{
	{gvk("", "v1", "Namespace"), "namespaces", false, coreModel + "Namespace", func() any { return &corev1.Namespace{} }},
	{gvk("", "v1", "Node"), "nodes", false, coreModel + "Node", func() any { return &corev1.Node{} }},
	{gvk("", "v1", "ConfigMap"), "configmaps", true, coreModel + "ConfigMap", func() any { return &corev1.ConfigMap{} }},
	{gvk("", "v1", "Secret"), "secrets", true, coreModel + "Secret", func() any { return &corev1.Secret{} }},
	{gvk("", "v1", "Service"), "services", true, coreModel + "Service", func() any { return &corev1.Service{} }},
	{gvk("", "v1", "Endpoints"), "endpoints", true, coreModel + "Endpoints",
		func() any { return &corev1.Endpoints{} }}, //nolint:staticcheck // pulumi-kubernetes reads it
	{gvk("", "v1", "ServiceAccount"), "serviceaccounts", true, coreModel + "ServiceAccount", func() any { return &corev1.ServiceAccount{} }},
	{gvk("", "v1", "Pod"), "pods", true, coreModel + "Pod", func() any { return &corev1.Pod{} }},
	{gvk("apps", "v1", "Deployment"), "deployments", true, "io.k8s.api.apps.v1.Deployment", func() any { return &appsv1.Deployment{} }},
	{gvk("apps", "v1", "DaemonSet"), "daemonsets", true, "io.k8s.api.apps.v1.DaemonSet", func() any { return &appsv1.DaemonSet{} }},
	{gvk("apps", "v1", "ReplicaSet"), "replicasets", true, "io.k8s.api.apps.v1.ReplicaSet", func() any { return &appsv1.ReplicaSet{} }},
	{gvk("discovery.k8s.io", "v1", "EndpointSlice"), "endpointslices", true, "io.k8s.api.discovery.v1.EndpointSlice",
		func() any { return &discoveryv1.EndpointSlice{} }},
	{gvk("networking.k8s.io", "v1", "NetworkPolicy"), "networkpolicies", true, "io.k8s.api.networking.v1.NetworkPolicy",
		func() any { return &networkingv1.NetworkPolicy{} }},
	{gvk("policy", "v1", "PodDisruptionBudget"), "poddisruptionbudgets", true, "io.k8s.api.policy.v1.PodDisruptionBudget",
		func() any { return &policyv1.PodDisruptionBudget{} }},
	{gvk("rbac.authorization.k8s.io", "v1", "Role"), "roles", true, "io.k8s.api.rbac.v1.Role", func() any { return &rbacv1.Role{} }},
	{gvk("rbac.authorization.k8s.io", "v1", "RoleBinding"), "rolebindings", true, "io.k8s.api.rbac.v1.RoleBinding",
		func() any { return &rbacv1.RoleBinding{} }},
	{gvk("rbac.authorization.k8s.io", "v1", "ClusterRole"), "clusterroles", false, "io.k8s.api.rbac.v1.ClusterRole",
		func() any { return &rbacv1.ClusterRole{} }},
	{gvk("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"), "clusterrolebindings", false, "io.k8s.api.rbac.v1.ClusterRoleBinding",
		func() any { return &rbacv1.ClusterRoleBinding{} }},
	{gvk(admission, "v1", "MutatingWebhookConfiguration"), "mutatingwebhookconfigurations", false,
		admissionModel + "MutatingWebhookConfiguration", func() any { return &admissionregistrationv1.MutatingWebhookConfiguration{} }},
	{gvk(admission, "v1", "ValidatingWebhookConfiguration"), "validatingwebhookconfigurations", false,
		admissionModel + "ValidatingWebhookConfiguration", func() any { return &admissionregistrationv1.ValidatingWebhookConfiguration{} }},
	{gvk(admission, "v1", "ValidatingAdmissionPolicy"), "validatingadmissionpolicies", false, admissionModel + "ValidatingAdmissionPolicy",
		func() any { return &admissionregistrationv1.ValidatingAdmissionPolicy{} }},
	{gvk(admission, "v1", "ValidatingAdmissionPolicyBinding"), "validatingadmissionpolicybindings", false,
		admissionModel + "ValidatingAdmissionPolicyBinding", func() any { return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{} }},
	{gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), "customresourcedefinitions", false, "",
		func() any { return &apiextensionsv1.CustomResourceDefinition{} }},
})

const (
	admission      = "admissionregistration.k8s.io"
	admissionModel = "io.k8s.api.admissionregistration.v1."
)

func gvk(group, version, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}
}

func index(list []Builtin) map[schema.GroupVersionKind]Builtin {
	m := make(map[schema.GroupVersionKind]Builtin, len(list))
	for _, b := range list {
		m[b.GVK] = b
	}
	return m
}

// LookupBuiltin finds a built-in kind.
func LookupBuiltin(gvk schema.GroupVersionKind) (Builtin, bool) {
	b, ok := builtins[gvk]
	return b, ok
}

// Type is the kind's schema for server-side apply.
func (b Builtin) Type() typed.ParseableType {
	if b.model == "" {
		return typed.DeducedParseableType
	}
	return builtinParser().Type(b.model)
}

// Decode reads content strictly into the kind's Go type: a field of the wrong
// type is an error, and so is one that the kind does not have.
func (b Builtin) Decode(content map[string]any) (any, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	into := b.decode()
	strict, err := kjson.UnmarshalStrict(text, into)
	if err != nil {
		return nil, err
	}
	if len(strict) > 0 {
		return nil, strict[0]
	}
	return into, nil
}

// ParseGVK joins an apiVersion and a kind.
func ParseGVK(apiVersion, kind string) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(apiVersion, kind)
}
