package eks

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
)

// versions are the Kubernetes versions that EKS offers, oldest first, as of
// August 2026: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
var versions = []string{"1.31", "1.32", "1.33", "1.34", "1.35"}

// extended are those of versions in extended support, at six times the price.
var extended = []string{"1.31", "1.32", "1.33"}

const defaultVersion = "1.35"

var _ = cloud.DefineFunction("aws:eks/getClusterVersions:getClusterVersions", func(r *cloud.Request) (engine.Props, error) {
	list := []any{}
	for _, v := range versions {
		status := "STANDARD_SUPPORT"
		if slices.Contains(extended, v) {
			status = "EXTENDED_SUPPORT"
		}
		list = append(list, engine.Props{"clusterType": "eks", "clusterVersion": v, "versionStatus": status,
			"defaultVersion": v == defaultVersion})
	}
	slices.Reverse(list)
	return cloud.Merge(r.In, engine.Props{"id": r.Region, "clusterVersions": list}), nil
})
