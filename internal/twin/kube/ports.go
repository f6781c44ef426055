package kube

import (
	"slices"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

var lawPorts = law.New(law.Kubernetes, "pods-listen-on-their-ports",
	"A pod listens on the ports that its containers declare, and on any port when one of them declares none: a probe of another port never passes, and requests that a Service leads to one get 503.",
	"modelled: no manifest says what a program listens on, and a declared port is the nearest to it (https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports)")

// longRunning are a pod's containers with its native sidecars.
func longRunning(pod *api.Object) []obj.Map {
	sidecars := slices.DeleteFunc(slices.Clone(obj.Maps(pod.Content, "spec", "initContainers")),
		func(c obj.Map) bool { return obj.Str(c, "restartPolicy") != "Always" })
	return append(sidecars, obj.Maps(pod.Content, "spec", "containers")...)
}

// listens tells whether something in a pod takes connections to a port. Native
// sidecars that declare no port do not speak for the pod.
func listens(pod *api.Object, port int64) bool {
	for _, container := range obj.Maps(pod.Content, "spec", "containers") {
		if len(obj.Maps(container, "ports")) == 0 {
			return true
		}
	}
	for _, container := range longRunning(pod) {
		for _, p := range obj.Maps(container, "ports") {
			if obj.Int(p, "containerPort") == port {
				return true
			}
		}
	}
	return false
}

// namedPort is the number of a port that a container gives a name.
func namedPort(container obj.Map, name string) (int64, bool) {
	for _, p := range obj.Maps(container, "ports") {
		if obj.Str(p, "name") == name {
			return obj.Int(p, "containerPort"), true
		}
	}
	return 0, false
}

// probe is the kubelet's look at the ports of a pod's containers.
func probe(pod *api.Object) error {
	for _, container := range longRunning(pod) {
		for _, kind := range []struct{ field, words string }{{"startupProbe", "Startup"}, {"readinessProbe", "Readiness"}} {
			for _, way := range []string{"tcpSocket", "httpGet", "grpc"} {
				v := obj.Get(container, kind.field, way, "port")
				if v == nil {
					continue
				}
				port, ok := obj.Number(v)
				if name, named := v.(string); named {
					if port, ok = namedPort(container, name); !ok {
						return lawPorts.Refuse("", "Unhealthy: %s probe errored and resulted in unknown state: strconv.Atoi: parsing %q: invalid syntax", kind.words, name)
					}
				}
				if len(obj.Maps(container, "ports")) > 0 && !listens(pod, port) {
					return lawPorts.Refuse("", "Unhealthy: %s probe failed: dial tcp %s:%d: connect: connection refused", kind.words, obj.Str(pod.Content, "status", "podIP"), port)
				}
			}
		}
	}
	return nil
}

// targetPort is where a port of a Service leads in a pod; a pod without the
// port of that name is no endpoint for it.
func targetPort(service, pod *api.Object, port int64) (int, bool) {
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
		for _, container := range longRunning(pod) {
			if n, ok := namedPort(container, name); ok {
				return int(n), true
			}
		}
		return 0, false
	}
	return int(port), true
}
