package helm

import (
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Uninstall is `helm uninstall`: hooks first, then the objects, and with
// --wait, which the provider sets, until those are gone.
func (c *Releases) Uninstall(op *world.Op, outputs obj.Map) error {
	id := obj.Str(outputs, "namespace") + "/" + obj.Str(outputs, "name")
	r := c.installed[id]
	if r == nil {
		return nil
	}
	op.Takes(takesUninstall, controller.LawDurations)
	if hook := c.preDelete[r.Chart.Name]; hook != nil && r.hooks {
		if err := hook(op, r); err != nil {
			return err
		}
	}
	if err := c.deleteObjects(op, r); err != nil {
		return err
	}
	c.mgr.Reconcile(op)
	if obj.Bool(outputs, "skipAwait") && !obj.Bool(outputs, "atomic") {
		return nil
	}
	for _, key := range r.Objects {
		if o := c.mgr.API.Lookup(key); o != nil && o.Terminating() {
			return LawReleaseGone.Refuse("", "uninstallation completed with 1 error(s): context deadline exceeded: %v", c.mgr.Stuck(o))
		}
	}
	return nil
}

// deleteObjects deletes a release's objects. While one of them cannot be
// deleted Helm keeps the release.
func (c *Releases) deleteObjects(op *world.Op, r *Release) error {
	for _, key := range slices.Backward(r.Objects) {
		if err := c.mgr.API.Delete(op, key); err != nil && !apierrors.IsNotFound(err) {
			return LawReleaseGone.Refuse("", "failed to delete release: %s: %s: %s", r.Name, key, controller.Message(err))
		}
	}
	delete(c.installed, r.Namespace+"/"+r.Name)
	c.mgr.Wake()
	return nil
}
