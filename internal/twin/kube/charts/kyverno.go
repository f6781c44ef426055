package charts

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"sync"

	"eks-lattice/internal/twin/kube/obj"
)

// The chart's values.yaml and the CRDs of its policies, out of the Go module
// github.com/kyverno/kyverno.
//
//go:generate go run ../internal/gen ..
//go:embed kyverno-values.yaml
var kyvernoValuesYAML []byte

//go:embed kyverno-crds.json.gz
var kyvernoCRDsGzip []byte

var kyvernoValues = sync.OnceValue(func() obj.Map { return mustYAML(kyvernoValuesYAML) })

var kyvernoCRDList = sync.OnceValue(func() []obj.Map {
	z, err := gzip.NewReader(bytes.NewReader(kyvernoCRDsGzip))
	if err != nil {
		panic(err) // embedded
	}
	var list []obj.Map
	if err := json.NewDecoder(z).Decode(&list); err != nil {
		panic(err)
	}
	return list
})

func kyvernoCRDs() []obj.Map { return kyvernoCRDList() }

// kyvernoControllers are the chart's Deployments.
var kyvernoControllers = []struct{ values, suffix, image string }{
	{"admissionController", "admission-controller", "kyverno"},
	{"backgroundController", "background-controller", "background-controller"},
	{"cleanupController", "cleanup-controller", "cleanup-controller"},
	{"reportsController", "reports-controller", "reports-controller"},
}

func renderKyverno(r Release) []obj.Map {
	name := fullname(r)
	selectors, _ := json.Marshal(obj.At(r.Values, "config", "webhooks"))
	list := []obj.Map{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": obj.Map{"name": name, "namespace": r.Namespace},
		"data": obj.Map{"webhooks": string(selectors)}}}
	for _, c := range kyvernoControllers {
		if enabled, ok := obj.Get(r.Values, c.values, "enabled").(bool); ok && !enabled {
			continue
		}
		replicas := obj.Int(r.Values, c.values, "replicas")
		if obj.Get(r.Values, c.values, "replicas") == nil {
			replicas = 1
		}
		labels := obj.Map{"app.kubernetes.io/component": c.suffix, "app.kubernetes.io/instance": r.Name, "app.kubernetes.io/part-of": name}
		account := name + "-" + c.suffix
		values := obj.At(r.Values, c.values)
		container := obj.Map{"name": "kyverno", "image": kyvernoRegistry(r) + "/kyverno/" + c.image + ":" + r.Chart.AppVersion,
			"resources": obj.At(values, "resources"), "ports": []any{obj.Map{"name": "https", "containerPort": int64(9443)}}}
		spec := obj.Map{"serviceAccountName": account, "containers": []any{container},
			"topologySpreadConstraints": values["topologySpreadConstraints"]}
		if obj.Bool(values, "antiAffinity", "enabled") {
			spec["affinity"] = obj.Map{"podAntiAffinity": obj.At(values, "podAntiAffinity")}
		}
		if c.suffix == "admission-controller" {
			container["resources"] = obj.At(values, "container", "resources")
			pre := kyvernoRegistry(r) + "/kyverno/kyvernopre:" + r.Chart.AppVersion
			spec["initContainers"] = []any{obj.Map{"name": "kyverno-pre", "image": pre, "resources": obj.At(values, "initContainer", "resources")}}
		}
		if obj.Bool(values, "podDisruptionBudget", "enabled") || replicas > 1 {
			list = append(list, disruptionBudget(account, r.Namespace, labels, obj.At(values, "podDisruptionBudget")))
		}
		list = append(list,
			obj.Map{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": obj.Map{"name": account, "namespace": r.Namespace}},
			obj.Map{"apiVersion": "apps/v1", "kind": "Deployment",
				"metadata": obj.Map{"name": account, "namespace": r.Namespace, "labels": labels},
				"spec": obj.Map{
					"replicas": replicas, "strategy": obj.At(values, "updateStrategy"),
					"selector": obj.Map{"matchLabels": labels},
					"template": obj.Map{"metadata": obj.Map{"labels": labels}, "spec": spec},
				}})
	}
	return append(list, obj.Map{"apiVersion": "v1", "kind": "Service",
		"metadata": obj.Map{"name": name + "-svc", "namespace": r.Namespace},
		"spec": obj.Map{"ports": []any{obj.Map{"name": "https", "port": int64(443), "targetPort": "https"}},
			"selector": obj.Map{"app.kubernetes.io/component": "admission-controller", "app.kubernetes.io/instance": r.Name}}})
}

// disruptionBudget renders the budget of a Deployment's pods.
func disruptionBudget(name, namespace string, labels, values obj.Map) obj.Map {
	spec := obj.Map{"selector": obj.Map{"matchLabels": labels}}
	for _, bound := range []string{"minAvailable", "maxUnavailable"} {
		if values[bound] != nil {
			spec[bound] = values[bound]
		}
	}
	return obj.Map{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
		"metadata": obj.Map{"name": name, "namespace": namespace, "labels": labels}, "spec": spec}
}

func kyvernoRegistry(r Release) string {
	for _, path := range [][]string{{"global", "image", "registry"}, {"admissionController", "container", "image", "registry"}} {
		if s := obj.Str(r.Values, path...); s != "" {
			return s
		}
	}
	return "reg.kyverno.io"
}
