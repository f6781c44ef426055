package controller

import (
	"slices"
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// Condition is one entry of an object's conditions.
type Condition struct {
	Type            string
	True            bool
	Reason, Message string
}

// SetCondition writes a condition of an object into the list at path. The time of
// the last transition stays while the status does.
func (m *Manager) SetCondition(o *api.Object, content obj.Map, c Condition, path ...string) {
	status := map[bool]string{true: "True", false: "False"}[c.True]
	next := obj.Map{"type": c.Type, "status": status, "reason": c.Reason, "message": c.Message,
		"observedGeneration": obj.Int(o.Content, "metadata", "generation"), "lastTransitionTime": m.World.Now().UTC().Format(time.RFC3339)}
	list := obj.List(content, path...)
	for i, e := range list {
		if old, _ := e.(obj.Map); obj.Str(old, "type") == c.Type {
			if obj.Str(old, "status") == status {
				next["lastTransitionTime"] = old["lastTransitionTime"]
			}
			list[i] = next
			return
		}
	}
	obj.Set(content, append(list, next), path...)
}

// AddFinalizer adds a finalizer unless the object has it.
func AddFinalizer(content obj.Map, name string) {
	if !slices.Contains(obj.Strings(content, "metadata", "finalizers"), name) {
		obj.Set(content, append(obj.List(content, "metadata", "finalizers"), name), "metadata", "finalizers")
	}
}

// RemoveFinalizer deletes a finalizer from the object.
func RemoveFinalizer(content obj.Map, name string) {
	left := slices.DeleteFunc(slices.Clone(obj.List(content, "metadata", "finalizers")), func(f any) bool { return f == name })
	if len(left) == 0 {
		obj.Delete(content, "metadata", "finalizers")
		return
	}
	obj.Set(content, left, "metadata", "finalizers")
}
