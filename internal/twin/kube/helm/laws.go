package helm

import "eks-lattice/internal/twin/law"

// The laws of charts and releases.
var (
	LawChart = law.New(law.Kubernetes, "chart-must-exist",
		"Helm fails if the repository does not have the chart or the version.",
		"https://helm.sh/docs/helm/helm_install/")
	LawChartVersion = law.New(law.Kubernetes, "chart-versions-known",
		"The twin renders one version of each chart and rejects all others, whether or not they exist.",
		"modelled: no registry of Go modules serves the charts' archives, so the twin has only those that it was written for")
	LawValues = law.New(law.Kubernetes, "chart-values-have-a-schema",
		"Helm rejects values that violate the chart's values.schema.json, and ignores values that the chart does not have.",
		"https://helm.sh/docs/topics/charts/#schema-files")
	LawReleaseName = law.New(law.Kubernetes, "release-name-is-taken-once",
		"Helm does not install a second release of the same name in a namespace.",
		"https://helm.sh/docs/helm/helm_install/")
	LawReleaseReady = law.New(law.Kubernetes, "release-waits-for-its-pods",
		"A release waits until its workloads are ready, and fails if they are not within its timeout.",
		"https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/")
	LawReleaseGone = law.New(law.Kubernetes, "release-waits-for-its-removal",
		"Deleting a release waits until its objects are gone, unless skipAwait is set. It fails if something holds one of them, or if "+
			"the API server refuses to delete one.",
		"https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/helm_release.go")
)
