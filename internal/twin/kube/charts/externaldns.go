package charts

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"eks-lattice/internal/twin/kube/obj"
)

// The chart's real schema, out of the Go module sigs.k8s.io/external-dns.
//
//go:embed external-dns-schema.json
var externalDNSSchema string

// The CRD of the chart's crds/ folder, from the same module.
//
//go:embed external-dns-crds.yaml
var externalDNSCRD []byte

var externalDNSCRDs = sync.OnceValue(func() []obj.Map { return []obj.Map{mustYAML(externalDNSCRD)} })

// externalDNSDefaults are the chart's values that have an effect in the twin:
// https://github.com/kubernetes-sigs/external-dns/blob/external-dns-helm-chart-1.21.1/charts/external-dns/values.yaml
var externalDNSDefaults = obj.Map{
	"image":              obj.Map{"repository": "registry.k8s.io/external-dns/external-dns", "pullPolicy": "IfNotPresent"},
	"serviceAccount":     obj.Map{"create": true, "automountServiceAccountToken": true},
	"logLevel":           "info",
	"logFormat":          "text",
	"interval":           "1m",
	"triggerLoopOnEvent": false,
	"namespaced":         false,
	"sources":            []any{"service", "ingress"},
	"policy":             "upsert-only",
	"registry":           "txt",
	"provider":           obj.Map{"name": "aws"},
}

// externalDNSValues are the properties of the schema, with those defaults.
var externalDNSValues = sync.OnceValue(func() obj.Map {
	var schema obj.Map
	if err := json.Unmarshal([]byte(externalDNSSchema), &schema); err != nil {
		panic(err) // embedded
	}
	return merge(properties(schema), obj.Copy(externalDNSDefaults))
})

// properties are a schema's keys: maps for objects, nothing for the others.
func properties(schema obj.Map) obj.Map {
	out := obj.Map{}
	for k, p := range obj.At(schema, "properties") {
		out[k] = nil
		if sub, ok := p.(obj.Map); ok && obj.At(sub, "properties") != nil && sub["additionalProperties"] != true {
			out[k] = properties(sub)
		}
	}
	return out
}

func checkExternalDNS(values obj.Map) error { return checkSchema(externalDNSSchema, values) }

func renderExternalDNS(r Release) []obj.Map {
	v := r.Values
	args := []any{
		"--log-level=" + obj.Str(v, "logLevel"), "--log-format=" + obj.Str(v, "logFormat"), "--interval=" + obj.Str(v, "interval"),
	}
	if obj.Bool(v, "triggerLoopOnEvent") {
		args = append(args, "--events")
	}
	list := func(flag, key string) {
		for _, s := range obj.Strings(v, key) {
			args = append(args, "--"+flag+"="+s)
		}
	}
	list("source", "sources")
	args = append(args, "--policy="+obj.Str(v, "policy"), "--registry="+obj.Str(v, "registry"))
	for _, o := range []struct{ flag, key string }{{"txt-owner-id", "txtOwnerId"}, {"txt-prefix", "txtPrefix"}, {"txt-suffix", "txtSuffix"}} {
		if s := obj.Str(v, o.key); s != "" {
			args = append(args, "--"+o.flag+"="+s)
		}
	}
	if obj.Bool(v, "namespaced") {
		args = append(args, "--namespace="+r.Namespace)
	}
	list("domain-filter", "domainFilters")
	list("exclude-domains", "excludeDomains")
	provider := obj.Str(v, "provider", "name")
	if s, ok := v["provider"].(string); ok {
		provider = s
	}
	args = append(args, "--provider="+provider)
	args = append(args, extraArgs(v["extraArgs"])...)
	account, objects := serviceAccount(r, obj.At(v, "serviceAccount"), fullname(r))
	tag := obj.Str(v, "image", "tag")
	if tag == "" {
		tag = "v" + r.Chart.AppVersion
	}
	var rules []any
	if slices.Contains(obj.Strings(v, "sources"), "crd") {
		rules = append(rules, obj.Map{"apiGroups": []any{"externaldns.k8s.io"}, "resources": []any{"dnsendpoints"},
			"verbs": []any{"get", "watch", "list"}})
	}
	return append(objects,
		obj.Map{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": obj.Map{"name": fullname(r)}, "rules": rules},
		obj.Map{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": obj.Map{"name": fullname(r) + "-viewer"},
			"roleRef":  obj.Map{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": fullname(r)},
			"subjects": []any{obj.Map{"kind": "ServiceAccount", "name": account, "namespace": r.Namespace}}},
		obj.Map{"apiVersion": "v1", "kind": "Service", "metadata": obj.Map{"name": fullname(r), "namespace": r.Namespace},
			"spec": obj.Map{"selector": selector(r), "ports": []any{obj.Map{"name": "http", "port": int64(7979), "targetPort": "http"}}}},
		obj.Map{"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": obj.Map{"name": fullname(r), "namespace": r.Namespace, "labels": selector(r)},
			"spec": obj.Map{
				"replicas": int64(1), "strategy": obj.Map{"type": "Recreate"},
				"selector": obj.Map{"matchLabels": selector(r)},
				"template": obj.Map{
					"metadata": obj.Map{"labels": selector(r), "annotations": obj.At(v, "podAnnotations")},
					"spec": obj.Map{
						"serviceAccountName": account,
						"nodeSelector":       v["nodeSelector"], "affinity": v["affinity"], "topologySpreadConstraints": v["topologySpreadConstraints"],
						"containers": []any{obj.Map{
							"name": "external-dns", "image": obj.Str(v, "image", "repository") + ":" + tag, "args": args, "env": v["env"],
							"resources": obj.At(v, "resources"), "ports": []any{obj.Map{"name": "http", "containerPort": int64(7979)}},
						}},
					},
				},
			}},
	)
}

func extraArgs(v any) []any {
	var args []any
	switch v := v.(type) {
	case []any:
		return v
	case obj.Map:
		for _, k := range obj.Keys(v) {
			switch e := v[k].(type) {
			case []any:
				for _, s := range e {
					args = append(args, fmt.Sprintf("--%s=%s", k, text(s)))
				}
			case nil:
				args = append(args, "--"+k)
			default:
				args = append(args, strings.TrimSpace(fmt.Sprintf("--%s=%s", k, text(e))))
			}
		}
	}
	return args
}
