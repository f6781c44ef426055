package call

import (
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// appUser is the uid and gid that the application's processes run as.
func appUser(pod *api.Object) (uid, gid int64) {
	container := appContainer(pod)
	gid, _ = obj.Number(pods.Setting(pod, container, "runAsGroup"))
	return pods.User(pod, container), gid
}

// appContainer is the container that is not a proxy: kubectl exec -c.
func appContainer(pod *api.Object) obj.Map {
	containers := obj.Maps(pod.Content, "spec", "containers")
	for _, container := range containers {
		if !strings.Contains(obj.Str(container, "image"), "envoy") {
			return container
		}
	}
	return containers[0]
}

// rules is the text of the iptables rules that the init containers set: those
// in their command lines and those in the files that the commands name.
func rules(s *api.Server, pod *api.Object) string {
	var b strings.Builder
	for _, container := range obj.Maps(pod.Content, "spec", "initContainers") {
		command := strings.Join(pods.Command(container), " ")
		if !strings.Contains(command, "iptables") {
			continue
		}
		b.WriteString(command + "\n")
		files := pods.Files(s, pod, container)
		for _, path := range obj.Keys(files) {
			if strings.Contains(command, path) {
				b.WriteString(files[path] + "\n")
			}
		}
	}
	return b.String()
}
