package kubelet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// startContainers tells what keeps a pod's containers from starting.
func (k *Kubelet) startContainers(pod *api.Object) error {
	for _, container := range obj.Maps(pod.Content, "spec", "initContainers") {
		command := strings.Join(pods.Command(container), " ")
		if strings.Contains(command, "iptables") && !netAdmin(pod, container) {
			return LawNetAdmin.Refuse("", "Init:CrashLoopBackOff: %s: iptables: Could not fetch rule set generation id: Permission denied (you "+
				"must be root)", obj.Str(container, "name"))
		}
	}
	taken := map[int64]string{}
	for _, container := range pods.Containers(pod) {
		if err := readable(pod, container); err != nil {
			return err
		}
	}
	for _, container := range pods.Running(pod) {
		p := pods.Listening(k.mgr.API, pod, container)
		for _, port := range append(p.Open, p.Local...) {
			if other, ok := taken[port]; ok {
				return LawPorts.Refuse("", "CrashLoopBackOff: %s: listen tcp 0.0.0.0:%d: bind: address already in use (by %s)",
					obj.Str(container, "name"), port, other)
			}
			taken[port] = obj.Str(container, "name")
		}
	}
	return nil
}

// nonRoot keeps runAsNonRoot as far as the manifest tells; otherwise the image decides.
func nonRoot(pod *api.Object) error {
	for _, container := range pods.Containers(pod) {
		uid, given := obj.Number(pods.Setting(pod, container, "runAsUser"))
		if pods.Setting(pod, container, "runAsNonRoot") == true && given && uid == 0 {
			return LawNonRoot.Refuse("", "CreateContainerConfigError: container's runAsUser breaks non-root policy (pod: \"%s_%s(%s)\", "+
				"container: %s)",
				pod.Name, pod.Namespace, pod.UID(), obj.Str(container, "name"))
		}
	}
	return nil
}

// variables checks the objects from which containers take their environment.
func (k *Kubelet) variables(pod *api.Object) error {
	for _, container := range pods.Containers(pod) {
		for _, source := range obj.Maps(container, "envFrom") {
			for _, kind := range []string{"ConfigMap", "Secret"} {
				field := strings.ToLower(kind[:1]) + kind[1:] + "Ref"
				if obj.At(source, field) == nil || obj.Bool(source, field, "optional") {
					continue
				}
				name := obj.Str(source, field, "name")
				o := k.mgr.API.Get("", kind, pod.Namespace, name)
				if o == nil {
					return LawEnvironment.Refuse("", "CreateContainerConfigError: %s %q not found", strings.ToLower(kind), name)
				}
				pod.DependsOn(o.URN, LawEnvironment)
			}
		}
	}
	return nil
}

func netAdmin(pod *api.Object, container obj.Map) bool {
	return pods.User(pod, container) == 0 && (obj.Bool(container, "securityContext", "privileged") ||
		slices.Contains(obj.Strings(container, "securityContext", "capabilities", "add"), "NET_ADMIN"))
}

// readable reports whether a container's user reads the ConfigMaps that it mounts.
func readable(pod *api.Object, container obj.Map) error {
	if pods.User(pod, container) == 0 || obj.Get(pod.Content, "spec", "securityContext", "fsGroup") != nil {
		return nil
	}
	for _, m := range obj.Maps(container, "volumeMounts") {
		for _, v := range obj.Maps(pod.Content, "spec", "volumes") {
			mode, given := obj.Number(obj.Get(v, "configMap", "defaultMode"))
			if obj.Str(v, "name") == obj.Str(m, "name") && given && mode&0o004 == 0 {
				return LawFileModes.Refuse("", "CrashLoopBackOff: %s: open %s: permission denied: the files of volume %s have mode %04o and belong "+
					"to root",
					obj.Str(container, "name"), obj.Str(m, "mountPath"), obj.Str(v, "name"), mode)
			}
		}
	}
	return nil
}

// probe is the kubelet's look at the containers of a pod that runs.
func (k *Kubelet) probe(pod *api.Object) error {
	for _, container := range pods.Running(pod) {
		for _, kind := range []struct{ field, words string }{{"startupProbe", "Startup probe"}, {"readinessProbe", "Readiness probe"}} {
			port, err := probedPort(container, obj.At(container, kind.field))
			switch {
			case err != nil:
				return LawProbes.Refuse("", "Unhealthy: %s errored and resulted in unknown state: %v (container %s)", kind.words, err,
					obj.Str(container, "name"))
			case port != 0 && !k.network.Admits(pod, networkpolicy.Ingress, k.network.Node(pod), corev1.ProtocolTCP, int(port)):
				return networkpolicy.LawIsolation.Refuse("", "Unhealthy: %s failed: dial tcp :%d: i/o timeout (container %s)", kind.words, port,
					obj.Str(container, "name"))
			case port != 0 && !pods.Listens(k.mgr.API, pod, int(port)):
				return LawProbes.Refuse("", "Unhealthy: %s failed: dial tcp :%d: connect: connection refused (container %s)", kind.words, port,
					obj.Str(container, "name"))
			}
			if status := probedStatus(k.mgr.API, pod, obj.At(container, kind.field), int(port)); status < 200 || status >= 400 {
				return LawProbes.Refuse("", "Unhealthy: %s failed: HTTP probe failed with statuscode: %d (container %s)", kind.words, status,
					obj.Str(container, "name"))
			}
		}
	}
	return nil
}

// probedStatus is the answer to a probe over HTTP, and 200 for every other one.
func probedStatus(s *api.Server, pod *api.Object, probe obj.Map, port int) int {
	get := obj.At(probe, "httpGet")
	if get == nil {
		return 200
	}
	return pods.Answer(s, pod, port, cmp.Or(obj.Str(get, "path"), "/"))
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
			if n, ok := pods.NamedPort(container, name); ok {
				return n, nil
			}
			return 0, fmt.Errorf("strconv.Atoi: parsing %q: invalid syntax", name)
		}
	}
	return 0, nil
}
