package pods

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// NamedPort returns the number of a port that a container gives a name.
func NamedPort(container obj.Map, name string) (int64, bool) {
	for _, p := range obj.Maps(container, "ports") {
		if obj.Str(p, "name") == name {
			return obj.Int(p, "containerPort"), true
		}
	}
	return 0, false
}

// TargetPort returns where a port of a Service leads in a pod; a pod without the
// port of that name is no endpoint for it.
func TargetPort(service, pod *api.Object, port int64) (int, bool) {
	for _, sp := range obj.Maps(service.Content, "spec", "ports") {
		if obj.Int(sp, "port") != port && port != 0 {
			continue
		}
		if n, ok := obj.Number(sp["targetPort"]); ok {
			return int(n), true
		}
		name, named := sp["targetPort"].(string)
		if !named {
			return int(obj.Int(sp, "port")), true
		}
		for _, container := range Running(pod) {
			if n, ok := NamedPort(container, name); ok {
				return int(n), true
			}
		}
		return 0, false
	}
	return int(port), true
}
