package workloads

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// rollout replaces the pods of a Deployment's older templates.
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/controller/deployment/rolling.go
type rollout struct {
	*Controller
	op       *world.Op
	d        *api.Object
	newest   *api.Object   // the replica set of the Deployment's template
	older    []*api.Object // the other ones
	replicas int
	maximum  int // of all pods
	minimum  int // of the ready ones
	taken    int // ready pods that this deleted
}

// rollOut continues a rollout as far as the pods become ready.
func (c *Controller) rollOut(op *world.Op, d, newest *api.Object) {
	r := &rollout{Controller: c, op: op, d: d, newest: newest, replicas: int(obj.Int(d.Content, "spec", "replicas"))}
	for _, rs := range c.mgr.API.List("apps", "ReplicaSet", d.Namespace) {
		if rs != newest && rs.OwnedBy(d) {
			r.older = append(r.older, rs)
		}
	}
	if obj.Str(d.Content, "spec", "strategy", "type") == "Recreate" {
		r.deleteOlder(len(r.olderPods()), len(r.olderPods()))
		c.scale(op, d, newest, r.replicas)
	} else {
		r.bound()
		for _, rs := range r.older { // replaces those that were evicted
			c.scale(op, d, rs, int(obj.Int(rs.Content, "spec", "replicas")))
		}
		for r.step() {
		}
	}
	if ready, _ := c.split(pods.Owned(c.mgr.API, newest)); r.taken > 0 && len(ready) < r.replicas {
		c.mgr.Warn(LawRollout, "the rollout of Deployment %s deletes %d ready pods, and those of the new version are not ready",
			d.Path(), r.taken)
	}
}

func (r *rollout) bound() {
	share := func(name string, up bool) int {
		bounds := obj.At(r.d.Content, "spec", "strategy", "rollingUpdate")
		n := intstr.FromInt(int(obj.Int(bounds, name)))
		if part := obj.Str(bounds, name); part != "" {
			n = intstr.FromString(part)
		}
		value, err := intstr.GetScaledValueFromIntOrPercent(&n, r.replicas, up)
		if err != nil {
			return 0
		}
		return value
	}
	surge, unavailable := share("maxSurge", true), min(r.replicas, share("maxUnavailable", false))
	if surge == 0 && unavailable == 0 {
		unavailable = min(r.replicas, 1) // both were rounded to zero, and nothing would move
	}
	r.maximum, r.minimum = r.replicas+surge, r.replicas-unavailable
}

// step creates new pods and deletes older ones within the bounds, and reports
// whether anything has changed.
func (r *rollout) step() bool {
	older, before := r.olderPods(), len(pods.Owned(r.mgr.API, r.newest))
	r.scale(r.op, r.d, r.newest, min(r.replicas, max(before, r.maximum-len(older))))
	ready, unready := r.split(pods.Owned(r.mgr.API, r.newest))
	oldReady, _ := r.split(older)
	deleted := r.deleteOlder(len(ready)+len(older)-r.minimum, len(ready)+len(oldReady)-r.minimum)
	return deleted || len(ready)+len(unready) != before
}

// deleteOlder deletes up to so many older pods that are not ready, and that are, and
// reports whether there were any.
func (r *rollout) deleteOlder(unready, ready int) bool {
	healthy, ailing := r.split(r.olderPods())
	healthy, ailing = healthy[:max(0, min(ready, len(healthy)))], ailing[:max(0, min(unready, len(ailing)))]
	for _, pod := range slices.Concat(ailing, healthy) {
		_ = r.mgr.API.Delete(controller.Acting(r.op, r.d), pod.Key)
	}
	for _, rs := range r.older {
		r.scale(r.op, r.d, rs, len(pods.Owned(r.mgr.API, rs)))
	}
	r.taken += len(healthy)
	return len(healthy)+len(ailing) > 0
}

func (r *rollout) olderPods() []*api.Object {
	var out []*api.Object
	for _, rs := range r.older {
		out = append(out, pods.Owned(r.mgr.API, rs)...)
	}
	return out
}

// split starts pods as far as they can start, and tells those that are ready from
// the other ones.
func (c *Controller) split(list []*api.Object) (ready, unready []*api.Object) {
	for _, pod := range list {
		if c.Run(pod) {
			ready = append(ready, pod)
		} else {
			unready = append(unready, pod)
		}
	}
	return ready, unready
}
