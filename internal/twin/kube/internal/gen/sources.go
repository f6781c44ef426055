package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/internal/upstream"
)

// kinds are the built-in kinds that the twin's API servers serve, by the name
// that Kubernetes' OpenAPI gives them.
var kinds = []string{
	"io.k8s.api.core.v1.Namespace", "io.k8s.api.core.v1.ConfigMap", "io.k8s.api.core.v1.Secret",
	"io.k8s.api.core.v1.Service", "io.k8s.api.core.v1.ServiceAccount", "io.k8s.api.core.v1.Pod",
	"io.k8s.api.core.v1.Node", "io.k8s.api.core.v1.Endpoints", "io.k8s.api.discovery.v1.EndpointSlice",
	"io.k8s.api.apps.v1.Deployment", "io.k8s.api.apps.v1.DaemonSet", "io.k8s.api.apps.v1.ReplicaSet",
	"io.k8s.api.rbac.v1.Role", "io.k8s.api.rbac.v1.RoleBinding",
	"io.k8s.api.rbac.v1.ClusterRole", "io.k8s.api.rbac.v1.ClusterRoleBinding",
	"io.k8s.api.policy.v1.PodDisruptionBudget", "io.k8s.api.networking.v1.NetworkPolicy",
	"io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
	"io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
	"io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
	"io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
}

// Files returns the content of every generated file by its path below package kube.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, f := range map[string]func() ([]byte, error){
		"schema/builtin.yaml":             builtin,
		"charts/kyverno-crds.json.gz":     kyvernoCRDs,
		"charts/kyverno-values.yaml":      kyvernoValues,
		"charts/external-dns-crds.yaml":   file(upstream.ExternalDNS, "charts/external-dns/crds/dnsendpoints.externaldns.k8s.io.yaml"),
		"charts/external-dns-schema.json": file(upstream.ExternalDNS, "charts/external-dns/values.schema.json"),
	} {
		content, err := f()
		if err != nil {
			return nil, fmt.Errorf("generating %s: %w", name, err)
		}
		files[name] = content
	}
	return files, nil
}

func file(module, path string) func() ([]byte, error) {
	return func() ([]byte, error) { return upstream.File(module, path) }
}

var yamlInGo = regexp.MustCompile("(?s)typed\\.YAMLObject\\(`(.*)`\\)")

// builtin cuts the schema that client-go carries for server-side apply down to
// the kinds, with all that they refer to.
func builtin() ([]byte, error) {
	source, err := file(upstream.ClientGo, "applyconfigurations/internal/internal.go")()
	if err != nil {
		return nil, err
	}
	m := yamlInGo.FindSubmatch(source)
	if m == nil {
		return nil, fmt.Errorf("%s has no schema in its source", upstream.ClientGo)
	}
	var all struct {
		Types []map[string]any `json:"types"`
	}
	if err := yaml.Unmarshal(m[1], &all); err != nil {
		return nil, err
	}
	byName := map[string]map[string]any{}
	for _, t := range all.Types {
		byName[t["name"].(string)] = t
	}
	keep := map[string]bool{}
	var visit func(name string) error
	visit = func(name string) error {
		if keep[name] {
			return nil
		}
		t, ok := byName[name]
		if !ok {
			return fmt.Errorf("%s has no type %s", upstream.ClientGo, name)
		}
		keep[name] = true
		return refs(t, visit)
	}
	for _, k := range append(kinds, "__untyped_atomic_", "__untyped_deduced_") {
		if err := visit(k); err != nil {
			return nil, err
		}
	}
	names := make([]string, 0, len(keep))
	for n := range keep {
		names = append(names, n)
	}
	sort.Strings(names)
	types := make([]map[string]any, 0, len(names))
	for _, n := range names {
		types = append(types, byName[n])
	}
	return yaml.Marshal(map[string]any{"types": types})
}

func refs(v any, visit func(string) error) error {
	switch v := v.(type) {
	case map[string]any:
		if n, ok := v["namedType"].(string); ok {
			return visit(n)
		}
		for _, e := range v {
			if err := refs(e, visit); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := refs(e, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// kyvernoCRDs are the policy CRDs that the twin evaluates, without prose.
func kyvernoCRDs() ([]byte, error) {
	var crds []any
	for _, path := range []string{
		"policies.kyverno.io/policies.kyverno.io_mutatingpolicies.yaml",
		"kyverno/kyverno.io_clusterpolicies.yaml",
	} {
		text, err := upstream.File(upstream.Kyverno, "config/crds/"+path)
		if err != nil {
			return nil, err
		}
		var crd map[string]any
		if err := yaml.Unmarshal(text, &crd); err != nil {
			return nil, err
		}
		crds = append(crds, withoutProse(crd, false))
	}
	text, err := json.Marshal(crds)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// withoutProse drops descriptions, but not properties of that name.
func withoutProse(v any, properties bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if k == "description" && !properties {
				continue
			}
			out[k] = withoutProse(e, k == "properties" && !properties)
		}
		return out
	case []any:
		for i := range v {
			v[i] = withoutProse(v[i], false)
		}
	}
	return v
}

// kyvernoValues keeps the keys of the chart's values and of its subcharts.
func kyvernoValues() ([]byte, error) {
	text, err := file(upstream.Kyverno, "charts/kyverno/values.yaml")()
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, line := range strings.Split(string(text), "\n") {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "#") {
			lines = append(lines, line)
		}
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}
