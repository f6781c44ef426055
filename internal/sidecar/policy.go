package sidecar

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// MutatingPolicy returns the whole manifest of the Kyverno policy
// (policies.kyverno.io/v1) that injects the sidecar at a pod's creation.
//
// A changed sidecar has a policy of another name. A policy that kept its name would
// inject the former sidecar until Kyverno has compiled the new one, and nothing
// shows when that is: its conditions do not have a generation.
// https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/cel/policies/mpol/engine/reconciler.go
func MutatingPolicy(a Args) (map[string]any, error) {
	a = a.withDefaults()
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("rendering the injection policy: %w", err)
	}
	spec, err := injectionSpec(a)
	if err != nil {
		return nil, fmt.Errorf("rendering the injection policy: %w", err)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("naming the injection policy: %w", err)
	}
	sum := sha256.Sum256(text)
	name := policyPrefix + "-" + hex.EncodeToString(sum[:])[:8]
	spec["matchConditions"] = append(spec["matchConditions"].([]any),
		// While one policy replaces another, both exist.
		condition("meant-for-this-policy", fmt.Sprintf(`object.metadata.?annotations[?%[1]q].orValue(%[2]q) == %[2]q`, PolicyAnnotation, name)))
	return map[string]any{
		"apiVersion": "policies.kyverno.io/v1",
		"kind":       "MutatingPolicy",
		"metadata": map[string]any{
			"name": name,
			"annotations": map[string]any{
				"policies.kyverno.io/title": "Inject the VPC Lattice signing proxy",
				"policies.kyverno.io/description": "Pods annotated " + Annotation + ": \"" + AnnotationValue + "\" in namespaces labelled " +
					NamespaceLabelKey + ": " + NamespaceLabelValue + " get an Envoy sidecar that signs their requests to VPC Lattice.",
			},
		},
		"spec": spec,
	}, nil
}

// injectionSpec is the part of the policy that does not contain its name.
func injectionSpec(a Args) (map[string]any, error) {
	expression, err := celPatches(podParts(a))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		// Without the sidecar, every call of a pod would fail, so it is better not to
		// admit the pod. The selector below limits the consequences of an outage of
		// Kyverno to the labelled namespaces.
		"failurePolicy": "Fail",
		"matchConstraints": map[string]any{
			"namespaceSelector": map[string]any{
				"matchLabels": map[string]any{NamespaceLabelKey: NamespaceLabelValue},
			},
			"resourceRules": []any{map[string]any{
				"apiGroups":   []any{""},
				"apiVersions": []any{"v1"},
				"operations":  []any{"CREATE"},
				"resources":   []any{"pods"},
			}},
		},
		"matchConditions": []any{
			condition("annotated", fmt.Sprintf(`object.metadata.?annotations[?%q].orValue("") == %q`, Annotation, AnnotationValue)),
			// The API server may call a webhook again for a pod that it has changed.
			condition("not-yet-injected", fmt.Sprintf(`!object.spec.?initContainers.orValue([]).exists(c, c.name == %q)`, ProxyContainerName)),
			// The redirect would affect the traffic of the whole node.
			condition("own-network", `!object.spec.?hostNetwork.orValue(false)`),
		},
		// Only for pods: a changed Deployment would be drift.
		"autogen": map[string]any{
			"podControllers":          map[string]any{"controllers": []any{}},
			"mutatingAdmissionPolicy": map[string]any{"enabled": false},
		},
		"evaluation": map[string]any{
			"admission":      map[string]any{"enabled": true},
			"background":     map[string]any{"enabled": false},
			"mutateExisting": map[string]any{"enabled": false},
		},
		"mutations": []any{map[string]any{
			"patchType": "JSONPatch",
			"jsonPatch": map[string]any{"expression": expression},
		}},
	}, nil
}

func condition(name, expression string) map[string]any {
	return map[string]any{"name": name, "expression": expression}
}
