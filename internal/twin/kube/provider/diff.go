package provider

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
)

// replacing are the properties that the provider replaces an object for, by
// kind, besides name, namespace and kind:
// https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/diff.go
var replacing = map[string][][]string{
	"ConfigMap":          {{"data"}, {"binaryData"}},
	"Secret":             {{"type"}, {"data"}, {"stringData"}},
	"Service":            {{"spec", "clusterIP"}},
	"Deployment":         {{"spec", "selector"}},
	"DaemonSet":          {{"spec", "selector"}},
	"RoleBinding":        {{"roleRef"}},
	"ClusterRoleBinding": {{"roleRef"}},
}

// Diff compares inputs: what the server filled in is no difference.
func (*Provider) Diff(inst *engine.Instance, urn resource.URN, oldInputs, _, newInputs engine.Props) (engine.Change, error) {
	var change engine.Change
	for key := range union(oldInputs, newInputs) {
		if !reflect.DeepEqual(oldInputs[key], newInputs[key]) {
			change.Keys = append(change.Keys, key)
		}
	}
	slices.Sort(change.Keys)
	if string(urn.Type()) == releaseType {
		for _, key := range []string{"name", "namespace"} {
			if slices.Contains(change.Keys, key) {
				change.Replace = append(change.Replace, key)
			}
		}
		return change, nil
	}
	paths := [][]string{{"metadata", "name"}, {"metadata", "namespace"}, {"kind"}}
	kind := obj.Str(newInputs, "kind")
	mutable := inst != nil && fmt.Sprint(inst.Config["enableConfigMapMutable"]) == "true"
	if kind != "ConfigMap" || !mutable || obj.Bool(oldInputs, "immutable") {
		paths = append(paths, replacing[kind]...)
	}
	for _, path := range paths {
		old, new := obj.Get(oldInputs, path...), obj.Get(newInputs, path...)
		if path[len(path)-1] == "namespace" {
			old, new = orDefault(old), orDefault(new)
		}
		if !reflect.DeepEqual(old, new) && !slices.Contains(change.Replace, path[0]) {
			change.Replace = append(change.Replace, path[0])
		}
	}
	if group(oldInputs) != group(newInputs) {
		change.Replace = append(change.Replace, "apiVersion")
	}
	// The successor of an object with a fixed name cannot exist beside it.
	change.DeleteBeforeReplace = len(change.Replace) > 0 &&
		obj.Str(newInputs, "metadata", "annotations", autonamed) != "true" &&
		reflect.DeepEqual(obj.Get(oldInputs, "metadata", "name"), obj.Get(newInputs, "metadata", "name"))
	return change, nil
}

func group(inputs engine.Props) string {
	g, _, found := strings.Cut(obj.Str(inputs, "apiVersion"), "/")
	if !found {
		return ""
	}
	return g
}

func orDefault(namespace any) any {
	if namespace == nil || namespace == "" {
		return "default"
	}
	return namespace
}

func union(a, b engine.Props) map[string]bool {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}
