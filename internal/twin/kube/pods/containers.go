// Package pods reads the parts of pods: their containers, the ports on which
// these listen and the files that they see.
package pods

import (
	"slices"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// Containers returns all containers of a pod, the init containers first.
func Containers(pod *api.Object) []obj.Map {
	return append(obj.Maps(pod.Content, "spec", "initContainers"), obj.Maps(pod.Content, "spec", "containers")...)
}

// Running returns the containers that keep running: the pod's own and its native
// sidecars.
func Running(pod *api.Object) []obj.Map {
	sidecars := slices.DeleteFunc(obj.Maps(pod.Content, "spec", "initContainers"), func(c obj.Map) bool {
		return obj.Str(c, "restartPolicy") != "Always"
	})
	return append(sidecars, obj.Maps(pod.Content, "spec", "containers")...)
}

// Command returns the words that a container is started with.
func Command(container obj.Map) []string {
	return append(obj.Strings(container, "command"), obj.Strings(container, "args")...)
}

// Setting returns a field of a container's security context, or else of the pod's.
func Setting(pod *api.Object, container obj.Map, field string) any {
	if v := obj.Get(container, "securityContext", field); v != nil {
		return v
	}
	return obj.Get(pod.Content, "spec", "securityContext", field)
}

// User returns the uid of a container's program. Images that the twin does not
// know start as root.
func User(pod *api.Object, container obj.Map) int64 {
	uid, _ := obj.Number(Setting(pod, container, "runAsUser"))
	return uid
}
