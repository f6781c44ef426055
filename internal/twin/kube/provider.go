package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
)

const (
	releaseType  = "kubernetes:helm.sh/v3:Release"
	autonamed    = "pulumi.com/autonamed"
	fieldManager = "__fieldManager"
	initialAPI   = "__initialApiVersion"
)

// backend is the Pulumi provider for Kubernetes, over all clusters.
type backend struct{ clusters *Clusters }

// Name is the package's name.
func (b *backend) Name() string { return "kubernetes" }

// Version is the newest that anything in a deployment asks for, which is the EKS
// component. With an older one the engine warns of a wrong plugin.
func (b *backend) Version() string { return "4.34.2" }

// Check names what the program left unnamed.
func (b *backend) Check(_ *engine.Instance, urn resource.URN, olds, news engine.Props) (engine.Props, []engine.Failure, error) {
	news = obj.Clone(news)
	if string(urn.Type()) == releaseType {
		return news, checkRelease(urn, olds, news), nil
	}
	if strings.HasSuffix(string(urn.Type()), "List") || strings.HasSuffix(string(urn.Type()), "Patch") {
		return nil, nil, fmt.Errorf("the twin has no %s: it knows whole single objects", urn.Type())
	}
	if _, unknown := news["metadata"].(resource.Computed); unknown {
		return news, nil, nil
	}
	if obj.Get(news, "metadata", "name") == nil && obj.Get(news, "metadata", "generateName") == nil {
		name := obj.Str(olds, "metadata", "name")
		if obj.Str(olds, "metadata", "annotations", autonamed) != "true" || name == "" {
			name = autoname(urn)
		}
		obj.Set(news, name, "metadata", "name")
		obj.Set(news, "true", "metadata", "annotations", autonamed)
	}
	return news, nil, nil
}

// autoname is `<name>-<8 hex>`, drawn from the URN instead of at random.
func autoname(urn resource.URN) string {
	h := sha256.Sum256([]byte(urn))
	return urn.Name() + "-" + hex.EncodeToString(h[:4])
}

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
func (b *backend) Diff(inst *engine.Instance, urn resource.URN, oldInputs, _, newInputs engine.Props) (engine.Change, error) {
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
	for _, p := range paths {
		old, new := obj.Get(oldInputs, p...), obj.Get(newInputs, p...)
		if p[len(p)-1] == "namespace" {
			old, new = orDefault(old), orDefault(new)
		}
		if !reflect.DeepEqual(old, new) && !slices.Contains(change.Replace, p[0]) {
			change.Replace = append(change.Replace, p[0])
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
