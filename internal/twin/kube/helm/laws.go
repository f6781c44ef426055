package helm

import "eks-lattice/internal/twin/law"

// The laws of charts and releases.
var (
	LawChart = law.New(law.Kubernetes, "chart-must-exist",
		"Helm fails on a chart or a version that the repository does not have.",
		"https://helm.sh/docs/helm/helm_install/")
	LawChartVersion = law.New(law.Kubernetes, "chart-versions-known",
		"The twin renders one version of each chart and refuses the others, whether or not they exist.",
		"modelled: no registry of Go modules serves the charts' archives, so the twin has only those that it was written for")
	LawValues = law.New(law.Kubernetes, "chart-values-have-a-schema",
		"Helm refuses values that break the chart's values.schema.json.",
		"https://helm.sh/docs/topics/charts/#schema-files")
	LawReleaseName = law.New(law.Kubernetes, "release-name-is-taken-once",
		"Helm does not install a second release of the same name into a namespace.",
		"https://helm.sh/docs/helm/helm_install/")
	LawReleaseReady = law.New(law.Kubernetes, "release-waits-for-its-pods",
		"A release waits until its workloads are ready, and fails when they are not within its timeout.",
		"https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/")
	LawReleaseGone = law.New(law.Kubernetes, "release-waits-for-its-removal",
		"The removal of a release waits until its objects are gone unless skipAwait is set: it fails when something holds one of them, and "+
			"when the API server refuses to delete one.",
		"https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/helm_release.go")
)
