package api

import "eks-lattice/internal/twin/law"

// The laws of the API server.
var (
	LawKindExists = law.New(law.Kubernetes, "kind-must-be-served",
		"The API server rejects an object whose apiVersion and kind it does not serve. The CustomResourceDefinition comes first.",
		"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/")
	LawNamespaceExists = law.New(law.Kubernetes, "namespace-must-exist",
		"A namespaced object can be created only in a namespace that exists and is not being deleted.",
		"https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/")
	LawValid = law.New(law.Kubernetes, "object-must-be-valid",
		"The API server checks objects against the schema of their kind. It rejects unknown fields, wrong types, missing and "+
			"immutable fields, unsupported values, requests above limits, and whatever violates a CEL rule of a CRD.",
		"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation")
	LawFieldOwner = law.New(law.Kubernetes, "fields-have-owners",
		"Server-side apply refuses to change a field that another manager set to something else.",
		"https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts")
)
