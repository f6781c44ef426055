package pods

import (
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// Files returns what a container sees of ConfigMaps, by path.
func Files(s *api.Server, pod *api.Object, container obj.Map) map[string]string {
	out := map[string]string{}
	for _, m := range obj.Maps(container, "volumeMounts") {
		for _, v := range obj.Maps(pod.Content, "spec", "volumes") {
			if obj.Str(v, "name") != obj.Str(m, "name") {
				continue
			}
			if o := s.Get("", "ConfigMap", pod.Namespace, obj.Str(v, "configMap", "name")); o != nil {
				for name, text := range obj.StringMap(o.Content, "data") {
					out[strings.TrimSuffix(obj.Str(m, "mountPath"), "/")+"/"+name] = text
				}
			}
		}
	}
	return out
}

// Bootstrap returns the file that an Envoy is started with, "" if the container
// runs another program.
func Bootstrap(container obj.Map, files map[string]string) string {
	words := Command(container)
	for i, w := range words {
		if (w == "-c" || w == "--config-path") && i+1 < len(words) && files[words[i+1]] != "" {
			return files[words[i+1]]
		}
	}
	return ""
}
