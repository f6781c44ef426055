package controller

import (
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

// The laws of deletion.
var (
	LawFinalizers = law.New(law.Kubernetes, "finalizers-hold-deletion",
		"A deleted object with finalizers keeps terminating until every controller has removed its own. The provider waits for that "+
			"and then gives up.",
		"https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/")
	LawNamespaceEmpties = law.New(law.Kubernetes, "namespace-empties-first",
		"A namespace stays Terminating while an object in it has finalizers.",
		"https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace")
)

// Stuck says why a deleted object is still there.
func (m *Manager) Stuck(o *api.Object) error {
	name := o.Path()
	if o.Kind == "Namespace" {
		reason := "the namespace is not empty"
		for _, condition := range obj.Maps(o.Content, "status", "conditions") {
			reason = obj.Str(condition, "message")
		}
		return LawNamespaceEmpties.Refuse("", "timed out waiting for the condition: Namespace %q is still Terminating: %s", name, reason)
	}
	broken, reason := LawFinalizers, ""
	if t, ok := m.Trouble(o.Key); ok {
		broken, reason = t.Law, ": "+t.Text
	}
	return broken.Refuse("", "timed out waiting for the condition: %s %q: finalizers might be preventing deletion (%s)%s",
		o.Kind, name, strings.Join(o.Finalizers(), ", "), reason)
}
