package kubelet_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

// newCluster returns a harness with a cluster and a namespace.
func newCluster(t *testing.T) *kubetest.Harness {
	t.Helper()
	h := kubetest.New(t)
	kubetest.Cluster(h, "one")
	h.Apply("one", "apps", kubetest.Namespace("apps"))
	return h
}

// nodesOf replaces the nodes by others.
func nodesOf(h *kubetest.Harness, amiType, instanceType string) {
	h.T.Helper()
	in := h.Inputs("one.nodes")
	in["amiType"], in["instanceTypes"] = amiType, []any{instanceType}
	h.Down("one.nodes")
	h.AWS("aws:eks/nodeGroup:NodeGroup", "one.nodes", in)
}

// refuses deploys what does not become available, and then what does.
func refuses(broken law.Law, manifest, corrected string, words ...string) func(*testing.T) law.Law {
	return func(t *testing.T) law.Law {
		t.Helper()
		h := newCluster(t)
		kubetest.ProxyConfig(h, "one", kubetest.OtherCA)
		met := h.Refused(h.TryApply("one", "app", manifest), broken, words...)
		h.Down("app")
		h.Apply("one", "app", corrected)
		return met
	}
}

// spoils takes away what pods need, deploys, and gives it back.
func spoils(broken law.Law, spoil, repair func(*kubetest.Harness), words ...string) func(*testing.T) law.Law {
	return func(t *testing.T) law.Law {
		t.Helper()
		h := newCluster(t)
		spoil(h)
		met := h.Refused(h.TryApply("one", "app", kubetest.Deployment("demo", "apps")), broken, words...)
		h.Down("app")
		repair(h)
		h.Apply("one", "app", kubetest.Deployment("demo", "apps"))
		return met
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	demo := kubetest.Deployment("demo", "apps")
	probed := func(port string) string { return container(demo, "readinessProbe: {tcpSocket: {port: "+port+"}}") }
	mounting := func(mode string) string {
		return kubetest.Deployment("demo", "apps", strings.Replace(envoy, "MORE", "securityContext: {runAsUser: 47443}", 1),
			strings.Replace(proxyVolume, "MODE", mode, 1))
	}
	redirecting := func(context string) string {
		return kubetest.Deployment("demo", "apps", strings.Replace(iptables, "MORE", context, 1))
	}
	nonRoot := func(uid string) string {
		return kubetest.Deployment("demo", "apps", "securityContext: {runAsNonRoot: true, runAsUser: "+uid+"}")
	}
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: kubelet.LawImages, Break: spoils(kubelet.LawImages, func(h *kubetest.Harness) { h.Down("one.private-out") },
			func(h *kubetest.Harness) {
				h.AWS("aws:ec2/route:Route", "new-route", engine.Props{
					"routeTableId": h.ID("one.private"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": h.ID("one.nat")})
			}, "ImagePullBackOff", "Back-off pulling image")},
		{Law: kubelet.LawArchitecture, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			nodesOf(h, "AL2023_ARM_64_STANDARD", "m7g.large")
			h.Apply("one", "other", strings.Replace(demo, "name: demo,", "name: other,", 1))
			return h.Refused(h.TryApply("one", "app", strings.Replace(demo, "x2j8p8w7/http-server", "seb-demo/http-server", 1)),
				kubelet.LawArchitecture, "exec format error", "has no version for arm64")
		}},
		{Law: kubelet.LawCNI, Break: spoils(kubelet.LawCNI, func(h *kubetest.Harness) { h.Down("one.vpc-cni") },
			func(h *kubetest.Harness) { kubetest.Addon(h, "one", "vpc-cni") }, "failed to assign an IP address to container")},
		{Law: kubelet.LawClusterDNS, Break: func(t *testing.T) law.Law {
			t.Helper()
			h := newCluster(t)
			kubetest.CRDs(h, "one")
			h.Apply("one", "ns", kubetest.Namespace("aws-application-networking-system"))
			h.Down("one.coredns")
			met := h.Refused(h.TryRelease("one", "lattice", kubetest.LatticeChart(h, "one", nil)), kubelet.LawClusterDNS, "CrashLoopBackOff",
				"no such host")
			h.Down("lattice")
			kubetest.Addon(h, "one", "coredns")
			h.Release("one", "lattice", kubetest.LatticeChart(h, "one", nil))
			return met
		}},
		{Law: kubelet.LawMounts, Break: refuses(kubelet.LawMounts,
			kubetest.Deployment("demo", "apps", "volumes: [{name: settings, configMap: {name: settings}}]"),
			kubetest.Deployment("demo", "apps", "volumes: [{name: settings, configMap: {name: proxy}}]"),
			"'demo' timed out waiting to be Ready", `MountVolume.SetUp failed for volume "settings" : configmap "settings" not found`)},
		{Law: kubelet.LawEnvironment, Break: refuses(kubelet.LawEnvironment,
			container(demo, "envFrom: [{configMapRef: {name: proxy}}, {secretRef: {name: database}}]"),
			container(demo, "envFrom: [{configMapRef: {name: proxy}}, {secretRef: {name: database, optional: true}}]"),
			`CreateContainerConfigError: secret "database" not found`)},
		{Law: kubelet.LawProbes, Break: refuses(kubelet.LawProbes, probed("80"), probed("8090"),
			"0/2 Pods available", "Readiness probe failed: dial tcp :80: connect: connection refused")},
		{Law: kubelet.LawPorts, Break: refuses(kubelet.LawPorts, demo+"      - {name: b, image: x/http-server:v2}\n",
			demo+"      - {name: b, image: x/other:v2, ports: [{containerPort: 8090, protocol: UDP}]}\n",
			"b: listen tcp 0.0.0.0:8090: bind: address already in use")},
		{Law: kubelet.LawFileModes, Break: refuses(kubelet.LawFileModes, mounting("0400"), mounting("0444"),
			"open /etc/proxy: permission denied: the files of volume proxy have mode 0400 and belong to root")},
		{Law: kubelet.LawNonRoot, Break: refuses(kubelet.LawNonRoot, nonRoot("0"), nonRoot("1000"),
			`CreateContainerConfigError: container's runAsUser breaks non-root policy (pod: "demo-`, "container: demo)")},
		{Law: kubelet.LawNetAdmin, Break: refuses(kubelet.LawNetAdmin,
			redirecting("{capabilities: {drop: [ALL]}}"), redirecting("{capabilities: {add: [NET_ADMIN]}}"),
			"Permission denied (you must be root)")},
	})
}
