package pods

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/rand"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// Ready reports whether a pod is ready and not terminating.
func Ready(pod *api.Object) bool {
	for _, condition := range obj.Maps(pod.Content, "status", "conditions") {
		if obj.Str(condition, "type") == "Ready" {
			return obj.Str(condition, "status") == "True" && !pod.Terminating()
		}
	}
	return false
}

// Owned returns the living pods of an owner, by name.
func Owned(s *api.Server, owner *api.Object) []*api.Object {
	var out []*api.Object
	for _, p := range s.List("", "Pod", owner.Namespace) {
		if p.OwnedBy(owner) && !p.Terminating() {
			out = append(out, p)
		}
	}
	return out
}

// Current returns the pods of a Deployment's newest replica set, or of a DaemonSet.
func Current(s *api.Server, d *api.Object) []*api.Object {
	if d.Kind == "DaemonSet" {
		return Owned(s, d)
	}
	rs := s.Get("apps", "ReplicaSet", d.Namespace, d.Name+"-"+TemplateHash(obj.At(d.Content, "spec", "template")))
	if rs == nil {
		return nil
	}
	return Owned(s, rs)
}

// ReadyOf returns those of Current that are ready.
func ReadyOf(s *api.Server, d *api.Object) []*api.Object {
	return slices.DeleteFunc(Current(s, d), func(p *api.Object) bool { return !Ready(p) })
}

// Serving returns the ready pods of a Deployment: those of ReadyOf, then those that
// a rollout has not replaced yet.
func Serving(s *api.Server, d *api.Object) []*api.Object {
	out := ReadyOf(s, d)
	for _, rs := range s.List("apps", "ReplicaSet", d.Namespace) {
		if !rs.OwnedBy(d) {
			continue
		}
		for _, p := range Owned(s, rs) {
			if Ready(p) && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// Endpoints returns the ready pods that a Service selects.
func Endpoints(s *api.Server, service *api.Object) []*api.Object {
	selector := obj.StringMap(service.Content, "spec", "selector")
	if len(selector) == 0 {
		return nil
	}
	var out []*api.Object
	for _, p := range s.List("", "Pod", service.Namespace) {
		if !p.Terminating() && Ready(p) && labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels())) {
			out = append(out, p)
		}
	}
	return out
}

// TemplateHash names the replica set of a template as the Deployment controller does: a hash
// in the alphabet of generated names.
func TemplateHash(template obj.Map) string {
	text, err := json.Marshal(template)
	if err != nil {
		panic(err) // stored objects are JSON
	}
	h := fnv.New32a()
	_, _ = h.Write(text)
	return rand.SafeEncodeString(fmt.Sprintf("%010d", h.Sum32()))
}
