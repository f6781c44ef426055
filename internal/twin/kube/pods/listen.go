package pods

import (
	"slices"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// demoPort is where the demo image listens whatever its manifest says.
const demoPort = 8090

// Sockets are the ports on which a container's program listens. The twin assumes
// that an unknown image listens on its containerPorts.
type Sockets struct {
	Known       bool
	Open, Local []int64 // on all interfaces, and on the loopback interface only
}

// Listening returns the ports on which a container of a pod listens.
func Listening(s *api.Server, pod *api.Object, container obj.Map) Sockets {
	if bootstrap := Bootstrap(container, Files(s, pod, container)); bootstrap != "" {
		return envoyPorts(bootstrap)
	}
	if program, ok := known(container); ok {
		return Sockets{Known: true, Open: []int64{program.port}}
	}
	var p Sockets
	for _, port := range obj.Maps(container, "ports") {
		if protocol := obj.Str(port, "protocol"); protocol == "" || protocol == "TCP" {
			p.Known, p.Open = true, append(p.Open, obj.Int(port, "containerPort"))
		}
	}
	return p
}

func envoyPorts(bootstrap string) Sockets {
	var b obj.Map
	if yaml.Unmarshal([]byte(bootstrap), &b) != nil {
		return Sockets{}
	}
	p := Sockets{Known: true}
	for _, l := range append(obj.Maps(b, "static_resources", "listeners"), obj.At(b, "admin")) {
		socket := obj.At(l, "address", "socket_address")
		switch port := obj.Int(socket, "port_value"); {
		case port == 0:
		case obj.Str(socket, "address") == "127.0.0.1":
			p.Local = append(p.Local, port)
		default:
			p.Open = append(p.Open, port)
		}
	}
	return p
}

// Listens reports whether something in a pod listens on a port for other pods.
func Listens(s *api.Server, pod *api.Object, port int) bool {
	for _, container := range Running(pod) {
		if p := Listening(s, pod, container); !p.Known || slices.Contains(p.Open, int64(port)) {
			return true
		}
	}
	return false
}
