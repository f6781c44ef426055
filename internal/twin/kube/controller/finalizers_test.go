package controller_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
)

// A namespace that terminates takes no new objects, and is gone once nothing holds
// what is in it.
func TestTerminatingNamespace(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	if err := h.Delete("apps"); err == nil {
		t.Fatal("the namespace is gone although a finalizer holds an object in it")
	}
	late := strings.NewReplacer("settings", "late", ", finalizers: [example.com/hold]", "").Replace(held)
	h.Refused(h.TryApply("one", "late", late), api.LawNamespaceExists,
		"unable to create new content in namespace apps because it is being terminated")
	h.World.Look(func() {
		c := h.Clusters.ByName("one")
		o := c.API.Get("", "ConfigMap", "apps", "settings")
		if err := c.API.Write(o, "person", func(content obj.Map) { obj.Delete(content, "metadata", "finalizers") }); err != nil {
			t.Fatal(err)
		}
	})
	h.Down("held", "apps")
	h.Apply("one", "again", kubetest.Namespace("apps"))
	h.Down("again")
}
