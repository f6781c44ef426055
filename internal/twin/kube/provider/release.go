package provider

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/helm"
	"eks-lattice/internal/twin/kube/obj"
)

// checkRelease is the provider's Check of a release: name, namespace, defaults,
// and whether the chart exists.
func checkRelease(urn resource.URN, olds, news engine.Props) []engine.Failure {
	if news["name"] == nil {
		if old := obj.Str(olds, "name"); old != "" {
			news["name"] = old
		} else {
			news["name"] = autoname(urn)
		}
	}
	if ns, known := news["namespace"]; !known || ns == "" {
		news["namespace"] = "default"
	}
	if news["timeout"] == nil && !obj.Bool(news, "skipAwait") {
		news["timeout"] = float64(300)
	}
	if err := helm.Check(news); err != nil {
		return []engine.Failure{engine.Refused("chart", err)}
	}
	return nil
}
