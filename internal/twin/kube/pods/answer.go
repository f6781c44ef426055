package pods

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// server is what an image is known to serve.
type server struct {
	port  int64
	other int            // the status of paths that are not listed
	paths map[string]int // statuses by path
}

// servers are images whose answers do not follow from their manifests, by the ends
// of their repositories' names. The twin assumes that every other image listens on
// its containerPorts and answers 200.
var servers = map[string]server{
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/files/examples/parking.yaml
	"/http-server": {port: demoPort, other: 200},
	// https://grafana.com/docs/grafana/latest/developers/http_api/other/#health-api
	"grafana/grafana": {port: 3000, other: 302, paths: map[string]int{"/api/health": 200, "/login": 200}},
	// https://grafana.com/docs/loki/latest/reference/loki-http-api/
	"grafana/loki": {port: 3100, other: 404, paths: map[string]int{"/ready": 200, "/metrics": 200}},
	// https://prometheus.io/docs/prometheus/latest/management_api/
	"prom/prometheus": {port: 9090, other: 404, paths: map[string]int{"/": 302, "/-/healthy": 200, "/-/ready": 200, "/metrics": 200}},
}

func known(container obj.Map) (server, bool) {
	image, _, _ := strings.Cut(obj.Str(container, "image"), "@")
	if slash := strings.LastIndex(image, "/"); strings.LastIndex(image, ":") > slash {
		image = image[:strings.LastIndex(image, ":")]
	}
	for _, end := range obj.Keys(servers) {
		if strings.HasSuffix(image, end) {
			return servers[end], true
		}
	}
	return server{}, false
}

// Answer is the status with which a pod answers a GET request, 0 if nothing listens on
// the port.
func Answer(s *api.Server, pod *api.Object, port int, path string) int {
	if !Listens(s, pod, port) {
		return 0
	}
	path, _, _ = strings.Cut(path, "?")
	for _, container := range Running(pod) {
		program, ok := known(container)
		if !ok || !slices.Contains(Listening(s, pod, container).Open, int64(port)) {
			continue
		}
		if status, listed := program.paths[path]; listed {
			return status
		}
		return program.other
	}
	return 200
}
