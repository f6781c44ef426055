package kube_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/law"
)

// container adds lines to the container of a Deployment, pod to its pod.
func container(manifest string, lines ...string) string {
	return strings.Replace(manifest, "        ports:", "        "+strings.Join(append(lines, "ports:"), "\n        "), 1)
}

const (
	proxyVolume = `volumes: [{name: proxy, configMap: {name: proxy, defaultMode: MODE}}]`
	envoy       = `initContainers: [{name: envoy, image: x/envoy:v1, restartPolicy: Always, args: [-c, /etc/proxy/envoy.yaml], volumeMounts: [{name: proxy, mountPath: /etc/proxy}], MORE}]`
	iptables    = `initContainers: [{name: iptables-init, image: x/iptables:v1, command: [iptables-restore, /rules], securityContext: MORE}]`
)

// What keeps containers from starting, or from being ready, and what does not.
func TestContainers(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "eks-one")
	l.apply("eks-one", "apps", namespace("apps"))
	l.config("eks-one", otherCA)
	// with replaces the words of a template by what follows each
	with := func(template string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(template) }
	all := with(proxyVolume, "MODE", "0444")
	for _, c := range []struct {
		name     string
		manifest string
		law      law.Law // none: the Deployment becomes available
		word     string
	}{
		{"probe", container(deployment("probe", "apps"), "readinessProbe: {tcpSocket: {port: 8090}}"), law.Law{}, ""},
		{"probe-elsewhere", container(deployment("probe-elsewhere", "apps"), "readinessProbe: {tcpSocket: {port: 80}}"),
			kubelet.LawProbes, "Readiness probe failed: dial tcp :80: connect: connection refused"},
		{"probe-by-name", container(deployment("probe-by-name", "apps"), "readinessProbe: {httpGet: {port: web}}"), kubelet.LawProbes, "Readiness probe errored and resulted in unknown state"},
		{"probe-of-admin", deployment("probe-of-admin", "apps", with(envoy, "MORE", "startupProbe: {httpGet: {port: 8080}}"), all),
			kubelet.LawProbes, "Startup probe failed: dial tcp :8080"}, // on the loopback interface
		{"probe-by-exec", container(deployment("probe-by-exec", "apps"), "readinessProbe: {exec: {command: ['true']}}"), law.Law{}, ""},
		{"said", strings.ReplaceAll(container(deployment("said", "apps"), "readinessProbe: {tcpSocket: {port: 8080}}"), "8090", "8080"), kubelet.LawProbes, ":8080"},
		{"two-servers", deployment("two-servers", "apps") + "      - {name: b, image: x/http-server:v2}\n",
			kubelet.LawPorts, "b: listen tcp 0.0.0.0:8090: bind: address already in use"},
		{"two-protocols", deployment("two-protocols", "apps") + "      - {name: b, image: x/other:v2, ports: [{containerPort: 8090, protocol: UDP}]}\n", law.Law{}, ""},
		{"mode", deployment("mode", "apps", with(envoy, "MORE", "securityContext: {runAsUser: 47443}"), all), law.Law{}, ""},
		{"mode-of-root", deployment("mode-of-root", "apps", with(envoy, "MORE", "securityContext: {runAsUser: 47443}"), with(proxyVolume, "MODE", "0400")),
			kubelet.LawFileModes, "open /etc/proxy: permission denied: the files of volume proxy have mode 0400 and belong to root"},
		{"mode-as-root", deployment("mode-as-root", "apps", with(envoy, "MORE", "securityContext: {runAsUser: 0}"), with(proxyVolume, "MODE", "0400")), law.Law{}, ""},
		{"mode-and-group", deployment("mode-and-group", "apps", with(envoy, "MORE", "securityContext: {runAsUser: 47443}"), with(proxyVolume, "MODE", "0400"), "securityContext: {fsGroup: 7}"), law.Law{}, ""},
		{"net-admin", deployment("net-admin", "apps", with(iptables, "MORE", "{capabilities: {add: [NET_ADMIN]}}")), law.Law{}, ""},
		{"no-net-admin", deployment("no-net-admin", "apps", with(iptables, "MORE", "{capabilities: {drop: [ALL]}}")), kubelet.LawNetAdmin, "Permission denied (you must be root)"},
		{"not-root", deployment("not-root", "apps", with(iptables, "MORE", "{runAsUser: 1, capabilities: {add: [NET_ADMIN]}}")), kubelet.LawNetAdmin, "Permission denied"},
	} {
		_, err := l.tryApply("eks-one", c.name, c.manifest)
		if c.law.ID != "" {
			l.broke(err, c.law, c.word)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
