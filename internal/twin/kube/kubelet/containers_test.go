package kubelet_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// container adds lines to the container of a Deployment, pod to its pod.
func container(manifest string, lines ...string) string {
	return strings.Replace(manifest, "        ports:", "        "+strings.Join(append(lines, "ports:"), "\n        "), 1)
}

const (
	proxyVolume = `volumes: [{name: proxy, configMap: {name: proxy, defaultMode: MODE}}]`
	envoy       = `initContainers: [{name: envoy, image: x/envoy:v1, restartPolicy: Always, args: [-c, /etc/proxy/envoy.yaml], ` +
		`volumeMounts: [{name: proxy, mountPath: /etc/proxy}], MORE}]`
	iptables = `initContainers: [{name: iptables-init, image: x/iptables:v1, command: [iptables-restore, /rules], securityContext: MORE}]`
)

// What keeps containers from starting, or from being ready, and what does not.
func TestContainers(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	kubetest.ProxyConfig(h, "one", kubetest.OtherCA)
	// with replaces the words of a template by what follows each
	with := func(template string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(template) }
	all := with(proxyVolume, "MODE", "0444")
	for _, c := range []struct {
		name     string
		manifest string
		law      law.Law // none: the Deployment becomes available
		word     string
	}{
		{"probe-by-name", container(kubetest.Deployment("probe-by-name", "apps"), "readinessProbe: {httpGet: {port: web}}"), kubelet.LawProbes,
			"Readiness probe errored and resulted in unknown state"},
		{"probe-of-admin", kubetest.Deployment("probe-of-admin", "apps", with(envoy, "MORE", "startupProbe: {httpGet: {port: 8080}}"), all),
			kubelet.LawProbes, "Startup probe failed: dial tcp :8080"}, // on the loopback interface
		{"probe-by-exec", container(kubetest.Deployment("probe-by-exec", "apps"), "readinessProbe: {exec: {command: ['true']}}"), law.Law{}, ""},
		{"said", strings.ReplaceAll(container(kubetest.Deployment("said", "apps"), "readinessProbe: {tcpSocket: {port: 8080}}"), "8090",
			"8080"), kubelet.LawProbes, ":8080"},
		{"mode-as-root", kubetest.Deployment("mode-as-root", "apps", with(envoy, "MORE", "securityContext: {runAsUser: 0}"),
			with(proxyVolume, "MODE", "0400")), law.Law{}, ""},
		{"mode-and-group", kubetest.Deployment("mode-and-group", "apps", with(envoy, "MORE", "securityContext: {runAsUser: 47443}"),
			with(proxyVolume, "MODE", "0400"), "securityContext: {fsGroup: 7}"), law.Law{}, ""},
		{"not-root", kubetest.Deployment("not-root", "apps", with(iptables, "MORE", "{runAsUser: 1, capabilities: {add: [NET_ADMIN]}}")),
			kubelet.LawNetAdmin, "Permission denied"},
	} {
		err := h.TryApply("one", c.name, c.manifest)
		if c.law.ID != "" {
			h.Refused(err, c.law, c.word)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNonRoot(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	app := func(pod, container string) string {
		return strings.Replace(kubetest.Deployment("demo", "apps", "securityContext: {"+pod+"}"), "ports: [",
			"securityContext: {"+container+"}\n        ports: [", 1)
	}
	for name, c := range map[string][2]string{
		"container": {"runAsNonRoot: false, runAsUser: 0", "runAsNonRoot: true"},
		"both":      {"runAsNonRoot: true, runAsUser: 1000", "runAsUser: 0"},
	} {
		err := h.TryApply("one", name, app(c[0], c[1]))
		h.Refused(err, kubelet.LawNonRoot, "0/2 Pods available",
			`CreateContainerConfigError: container's runAsUser breaks non-root policy (pod: "demo-`, "container: demo)")
		h.Down(name)
	}
	h.Apply("one", "overridden", app("runAsNonRoot: true, runAsUser: 1000", "runAsNonRoot: false, runAsUser: 0"))
}

// Probes find a port by number or by name.
func TestProbedPorts(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	named := strings.Replace(kubetest.Deployment("probed", "apps"), "ports: [{containerPort: 8090}]",
		"ports: [{name: web, containerPort: 8090}]", 1)
	h.Apply("one", "named", container(named, "readinessProbe: {tcpSocket: {port: web}}"))
	h.Down("named")
	for probe, words := range map[string]string{
		"readinessProbe: {tcpSocket: {port: 9999}}":      "Readiness probe failed: dial tcp :9999: connect: connection refused",
		"startupProbe: {httpGet: {port: 8080, path: /}}": ":8080: connect: connection refused",
		"readinessProbe: {httpGet: {port: web, path: /}}": `Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing ` +
			`"web": invalid syntax`,
	} {
		h.Refused(h.TryApply("one", "probed", container(kubetest.Deployment("probed", "apps"), probe)), kubelet.LawProbes, "0/2 Pods available",
			words)
		h.Down("probed")
	}
}

// What pods and controllers could not have started without.
func TestDependenciesOfPods(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	kubetest.ProxyConfig(h, "one", "")
	h.Apply("one", "app", kubetest.Deployment("demo", "apps", "volumes: [{name: proxy, configMap: {name: proxy}}]"))
	kubetest.CRDs(h, "one")
	h.Apply("one", "ns", kubetest.Namespace("aws-application-networking-system"))
	h.Release("one", "lattice", kubetest.LatticeChart(h, "one", nil))
	for _, c := range [][2]string{{"app", "one.proxy"}, {"app", "one.nodes"}, {"lattice", "one.crd-gateways"}, {"lattice", "one.coredns"}} {
		if !h.Depends(c[0], c[1], world.Create) {
			t.Errorf("%s does not depend on %s", c[0], c[1])
		}
	}
}
