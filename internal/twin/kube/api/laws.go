package api

import "eks-lattice/internal/twin/law"

// The laws of the API server.
var (
	LawKindExists = law.New(law.Kubernetes, "kind-must-be-served",
		"An object whose apiVersion and kind the API server does not serve cannot be created: its CustomResourceDefinition comes first.",
		"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/")
	LawNamespaceExists = law.New(law.Kubernetes, "namespace-must-exist",
		"A namespaced object is only made in a namespace that exists and is not being deleted.",
		"https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/")
	LawValid = law.New(law.Kubernetes, "object-must-be-valid",
		"Objects are checked against the schema of their kind: unknown fields, wrong types, missing and immutable fields, values that a field "+
			"does not have and requests above limits are refused, and so is what breaks a CEL rule of a CRD.",
		"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation")
	LawFieldOwner = law.New(law.Kubernetes, "fields-have-owners",
		"Server-side apply refuses to change a field that another manager set to something else.",
		"https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts")
)
