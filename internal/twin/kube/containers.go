package kube

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/netpol"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

var (
	lawProbes = law.New(law.Kubernetes, "probes-need-an-answer",
		"A pod is ready only when its containers answer their startup and readiness probes. These come from outside the pod: a port on which nothing listens, or on the loopback interface only, does not answer.",
		"https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes")
	lawPorts = law.New(law.Kubernetes, "pod-shares-its-ports",
		"The containers of a pod share one network: of two that listen on the same port one does not start.",
		"https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking")
	lawFileModes = law.New(law.Kubernetes, "mounted-files-have-modes",
		"The files of a ConfigMap belong to root and have the volume's mode: a program of another user reads them only when everybody may, or the pod has an fsGroup.",
		"https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/")
	lawNonRoot = law.New(law.Kubernetes, "non-root-is-kept",
		"A container that runs as user 0 does not start where runAsNonRoot says that it may not.",
		"https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/kubelet/kuberuntime/security_context_others.go")
	lawNetAdmin = law.New(law.Kubernetes, "iptables-needs-net-admin",
		"Only root with the capability NET_ADMIN changes the iptables rules of a pod; without it the init container fails and the pod does not start.",
		"https://man7.org/linux/man-pages/man7/capabilities.7.html")
)

// demoPort is where the demo image listens, whatever is said of it:
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/files/examples/parking.yaml
const demoPort = 8090

// ports are those on which a container's program listens. What the twin does
// not know the program of listens where its container says.
type ports struct {
	known       bool
	open, local []int64 // for everybody, and on the loopback interface only
}

func (c *Cluster) portsOf(pod *api.Object, container obj.Map) ports {
	if bootstrap := bootstrapOf(container, c.filesOf(pod, container)); bootstrap != "" {
		return envoyPorts(bootstrap)
	}
	if strings.Contains(obj.Str(container, "image"), "/http-server") {
		return ports{known: true, open: []int64{demoPort}}
	}
	var p ports
	for _, port := range obj.Maps(container, "ports") {
		if protocol := obj.Str(port, "protocol"); protocol == "" || protocol == "TCP" {
			p.known, p.open = true, append(p.open, obj.Int(port, "containerPort"))
		}
	}
	return p
}

// commandOf are the words that a container is started with.
func commandOf(container obj.Map) []string {
	return append(obj.Strings(container, "command"), obj.Strings(container, "args")...)
}

// bootstrapOf is the file that an Envoy is started with, if it is one.
func bootstrapOf(container obj.Map, files map[string]string) string {
	words := commandOf(container)
	for i, w := range words {
		if (w == "-c" || w == "--config-path") && i+1 < len(words) && files[words[i+1]] != "" {
			return files[words[i+1]]
		}
	}
	return ""
}

func envoyPorts(bootstrap string) ports {
	var b obj.Map
	if yaml.Unmarshal([]byte(bootstrap), &b) != nil {
		return ports{}
	}
	p := ports{known: true}
	for _, l := range append(obj.Maps(b, "static_resources", "listeners"), obj.At(b, "admin")) {
		socket := obj.At(l, "address", "socket_address")
		switch port := obj.Int(socket, "port_value"); {
		case port == 0:
		case obj.Str(socket, "address") == "127.0.0.1":
			p.local = append(p.local, port)
		default:
			p.open = append(p.open, port)
		}
	}
	return p
}

// lasting are the containers that go on running: the pod's own and its native
// sidecars.
func lasting(pod *api.Object) []obj.Map {
	sidecars := slices.DeleteFunc(obj.Maps(pod.Content, "spec", "initContainers"), func(c obj.Map) bool { return obj.Str(c, "restartPolicy") != "Always" })
	return append(sidecars, obj.Maps(pod.Content, "spec", "containers")...)
}

// startContainers tells what keeps a pod's containers from starting.
func (c *Cluster) startContainers(pod *api.Object) error {
	for _, container := range obj.Maps(pod.Content, "spec", "initContainers") {
		command := strings.Join(commandOf(container), " ")
		if strings.Contains(command, "iptables") && !netAdmin(pod, container) {
			return lawNetAdmin.Refuse("", "Init:CrashLoopBackOff: %s: iptables: Could not fetch rule set generation id: Permission denied (you must be root)", obj.Str(container, "name"))
		}
	}
	taken := map[int64]string{}
	for _, container := range append(obj.Maps(pod.Content, "spec", "initContainers"), obj.Maps(pod.Content, "spec", "containers")...) {
		if err := readable(pod, container); err != nil {
			return err
		}
	}
	for _, container := range lasting(pod) {
		p := c.portsOf(pod, container)
		for _, port := range append(p.open, p.local...) {
			if other, ok := taken[port]; ok {
				return lawPorts.Refuse("", "CrashLoopBackOff: %s: listen tcp 0.0.0.0:%d: bind: address already in use (by %s)", obj.Str(container, "name"), port, other)
			}
			taken[port] = obj.Str(container, "name")
		}
	}
	return nil
}

// setting is a field of a container's security context, or else of the pod's.
func setting(pod *api.Object, container obj.Map, field string) any {
	if v := obj.Get(container, "securityContext", field); v != nil {
		return v
	}
	return obj.Get(pod.Content, "spec", "securityContext", field)
}

// user is the uid of a container's program; images that the twin does not know
// start as root.
func user(pod *api.Object, container obj.Map) int64 {
	uid, _ := obj.Number(setting(pod, container, "runAsUser"))
	return uid
}

// nonRoot keeps runAsNonRoot as far as the manifest tells; otherwise the image decides.
func nonRoot(pod *api.Object) error {
	for _, container := range append(obj.Maps(pod.Content, "spec", "initContainers"), obj.Maps(pod.Content, "spec", "containers")...) {
		uid, given := obj.Number(setting(pod, container, "runAsUser"))
		if setting(pod, container, "runAsNonRoot") == true && given && uid == 0 {
			return lawNonRoot.Refuse("", "CreateContainerConfigError: container's runAsUser breaks non-root policy (pod: \"%s_%s(%s)\", container: %s)",
				pod.Name, pod.Namespace, pod.UID(), obj.Str(container, "name"))
		}
	}
	return nil
}

func netAdmin(pod *api.Object, container obj.Map) bool {
	return user(pod, container) == 0 && (obj.Bool(container, "securityContext", "privileged") ||
		slices.Contains(obj.Strings(container, "securityContext", "capabilities", "add"), "NET_ADMIN"))
}

// readable tells whether a container's user reads the ConfigMaps that it mounts.
func readable(pod *api.Object, container obj.Map) error {
	if user(pod, container) == 0 || obj.Get(pod.Content, "spec", "securityContext", "fsGroup") != nil {
		return nil
	}
	for _, m := range obj.Maps(container, "volumeMounts") {
		for _, v := range obj.Maps(pod.Content, "spec", "volumes") {
			mode, given := obj.Number(obj.Get(v, "configMap", "defaultMode"))
			if obj.Str(v, "name") == obj.Str(m, "name") && given && mode&0o004 == 0 {
				return lawFileModes.Refuse("", "CrashLoopBackOff: %s: open %s: permission denied: the files of volume %s have mode %04o and belong to root",
					obj.Str(container, "name"), obj.Str(m, "mountPath"), obj.Str(v, "name"), mode)
			}
		}
	}
	return nil
}

// probe is the kubelet's look at the containers of a pod that runs.
func (c *Cluster) probe(pod *api.Object) error {
	for _, container := range lasting(pod) {
		for _, kind := range []struct{ field, words string }{{"startupProbe", "Startup probe"}, {"readinessProbe", "Readiness probe"}} {
			port, err := probedPort(container, obj.At(container, kind.field))
			switch {
			case err != nil:
				return lawProbes.Refuse("", "Unhealthy: %s errored and resulted in unknown state: %v (container %s)", kind.words, err, obj.Str(container, "name"))
			case port != 0 && !c.admits(pod, netpol.Ingress, c.nodeOf(pod), corev1.ProtocolTCP, int(port)):
				return lawIsolation.Refuse("", "Unhealthy: %s failed: dial tcp :%d: i/o timeout (container %s)", kind.words, port, obj.Str(container, "name"))
			case port != 0 && !c.answers(pod, int(port)):
				return lawProbes.Refuse("", "Unhealthy: %s failed: dial tcp :%d: connect: connection refused (container %s)", kind.words, port, obj.Str(container, "name"))
			}
		}
	}
	return nil
}

// probedPort is the port that a probe asks, given as a number or by name; 0
// means that it asks none.
func probedPort(container, probe obj.Map) (int64, error) {
	for _, how := range []string{"httpGet", "tcpSocket", "grpc"} {
		port := obj.Get(probe, how, "port")
		if n, ok := obj.Number(port); ok {
			return n, nil
		}
		if name, named := port.(string); named {
			if n, ok := namedPort(container, name); ok {
				return n, nil
			}
			return 0, fmt.Errorf("strconv.Atoi: parsing %q: invalid syntax", name)
		}
	}
	return 0, nil
}

// answers tells whether something in a pod listens on a port for others.
func (c *Cluster) answers(pod *api.Object, port int) bool {
	for _, container := range lasting(pod) {
		if p := c.portsOf(pod, container); !p.known || slices.Contains(p.open, int64(port)) {
			return true
		}
	}
	return false
}

// filesOf are what a container sees of ConfigMaps, by path.
func (c *Cluster) filesOf(pod *api.Object, container obj.Map) map[string]string {
	out := map[string]string{}
	for _, m := range obj.Maps(container, "volumeMounts") {
		for _, v := range obj.Maps(pod.Content, "spec", "volumes") {
			if obj.Str(v, "name") != obj.Str(m, "name") {
				continue
			}
			if o := c.API.Get("", "ConfigMap", pod.Namespace, obj.Str(v, "configMap", "name")); o != nil {
				for name, text := range obj.StringMap(o.Content, "data") {
					out[strings.TrimSuffix(obj.Str(m, "mountPath"), "/")+"/"+name] = text
				}
			}
		}
	}
	return out
}
