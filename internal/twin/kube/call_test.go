package kube_test

import (
	"strings"
	"testing"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
)

// callLab is two clusters; the calls go from one to two.
func callLab(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.environment()
	for _, c := range [][2]string{{"eks-one", "eks-two"}, {"eks-two", "eks-one"}} {
		l.platform(c[0])
		l.app(c[0], c[1])
	}
	return l
}

// step is a call that one step of the way decides.
type step struct {
	name   string
	change func(l *lab)
	caller call.Caller
	url    string
	step   string
	status int
	word   string
	law    law.Law
}

const otherCA = "-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n"

func podOf(name string) call.Caller {
	return call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: name}
}

var demo = podOf("demo-one-v1")

// broken takes away what every call of the cluster needs.
var broken = []step{
	{"expired certificate", func(l *lab) {
		l.world.Look(func() { l.world.Forward(400 * 24 * time.Hour) })
	}, demo, "", call.StepTLS, 503, "certificate has expired", call.LawExpired},
	{"name", func(l *lab) { l.down("eks-one.zone") }, demo, "", call.StepDNS, 0, "Could not resolve host: demo-two.example.com", call.LawName},
	{"network", func(l *lab) { l.down("eks-one.association") }, demo, "", call.StepNetwork, 0, "connection timed out", law.Law{}},
	{"target group", func(l *lab) { l.down("eks-two.rule-v4", "eks-two.rule-v6") }, demo, "", call.StepTarget, 503, "", law.Law{}},
	{"target's port", func(l *lab) {
		l.down("eks-two.auth", "eks-two.route", "eks-two.service")
		l.apply("eks-two", "service", strings.Replace(service("demo-two-v1", "apps"), "targetPort: 8090", "targetPort: 8080", 1))
		l.apply("eks-two", "route", route("demo-two", "apps"))
		l.apply("eks-two", "auth", authPolicy("demo-two", "apps", "eks-one"))
	}, demo, "", call.StepTarget, 503, "nothing listens on port 8080 of pod demo-two-v1", call.LawTargetPort},
	{"proxy without TLS", func(l *lab) { l.proxyWith("transport_socket", "x") }, demo, "", call.StepTarget, 0, "connection reset by peer", law.Law{}},
	{"proxy that keeps the port", func(l *lab) { l.proxyWith("upstream_port_override: 443", "") }, demo, "", call.StepTarget, 0, "connection reset by peer", law.Law{}},
	{"authority", func(l *lab) {
		l.down("eks-one.deployment", "eks-one.proxy")
		l.config("eks-one", otherCA)
		l.apply("eks-one", "deployment", deployment("demo-one-v1", "apps"))
	}, demo, "", call.StepTLS, 503, "CERTIFICATE_VERIFY_FAILED", call.LawTLS},
	{"association after the pods", func(l *lab) {
		l.down("eks-one.deployment", "eks-one.identity-apps-default")
		l.apply("eks-one", "deployment", deployment("demo-one-v1", "apps"))
		l.identity("eks-one", "apps", "default", "client")
	}, demo, "", call.StepSignature, 403, "anonymous", podidentity.LawAtCreation},
	{"no agent", func(l *lab) { l.down("eks-one.eks-pod-identity-agent") }, demo, "", call.StepSignature, 403, "anonymous", podidentity.LawAgent},
	{"identity policy", func(l *lab) { l.down("client-policy") }, demo, "", call.StepIdentityPolicy, 403, "because no identity-based policy allows the vpc-lattice-svcs:Invoke action", law.Law{}},
	{"network policy", func(l *lab) { l.down("network-policy") }, demo, "", call.StepNetworkPolicy, 403, "because no network-based policy allows", law.Law{}},
}

// beside only adds callers.
var beside = []step{
	{"application's TLS", nil, demo, "https://demo-two.example.com", call.StepTLS, 0, "curl: (60) SSL certificate problem", call.LawTLS},
	{"no proxy behind the rule", func(l *lab) {
		l.apply("eks-one", "bare", strings.Replace(deployment("bare", "apps", `initContainers: [{name: iptables, image: "x/iptables:v1", securityContext: {capabilities: {add: [NET_ADMIN]}}, command: [sh, -c, "iptables -t nat -A OUTPUT -p tcp -d 169.254.171.0/24 -j REDIRECT --to-ports 8080"]}]`), "agent-inject", "none", 1))
	}, podOf("bare"), "", call.StepRedirect, 0, "Connection refused", call.LawRedirect},
	{"no sidecar", func(l *lab) {
		l.apply("eks-one", "bare", strings.Replace(deployment("bare", "apps"), "agent-inject", "none", 1))
	}, podOf("bare"), "", call.StepSignature, 403, "User: anonymous is not authorized", call.LawSignature},
	{"proxy's uid", func(l *lab) {
		l.apply("eks-one", "uid", deployment("uid", "apps", "securityContext: {runAsUser: 47443}"))
	}, podOf("uid"), "", call.StepSignature, 403, "anonymous", call.LawSignature},
	{"group 0 is redirected", func(l *lab) {
		l.apply("eks-one", "gid", deployment("gid", "apps", "securityContext: {runAsUser: 0, runAsGroup: 0}"))
	}, podOf("gid"), "", call.StepServicePolicy, 200, "Hello from demo-two-v1", law.Law{}},
	{"service account", nil, call.Caller{Cluster: "eks-one", Namespace: "apps", ServiceAccount: "other", Injected: true}, "", call.StepServicePolicy, 200, "Hello", law.Law{}},
}

// A proxy that asks every provider signs as its node when the pod has nothing.
func TestNodesCredentials(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	l.aws("aws:ec2/launchTemplate:LaunchTemplate", "template", engine.Props{"metadataOptions": engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 2}})
	nodes := obj.Clone(l.made["eks-one.nodes"].in)
	nodes["launchTemplate"] = engine.Props{"id": l.id("template"), "version": "1"}
	l.down("eks-one.nodes")
	l.aws("aws:eks/nodeGroup:NodeGroup", "eks-one.nodes", nodes)
	l.decides(t, step{"with the pod's credentials", nil, demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
	l.down("eks-one.eks-pod-identity-agent")
	l.decides(t, step{"with the node's", nil, demo, "", call.StepServicePolicy, 403, "node-role", law.Law{}})
	// Envoy's own chain with the container's provider alone.
	only := "region: ap-northeast-2, credential_provider: {custom_credential_provider_chain: true, container_credential_provider: {}}}"
	l.down("eks-one.deployment", "eks-one.proxy")
	settings := configMap("apps", l.get("ca-installed", "certificate"))
	obj.Set(settings, strings.Replace(bootstrap, "region: ap-northeast-2}", only, 1), "data", "envoy.yaml")
	if _, err := l.try(provider.New(l.clusters), l.instance("eks-one"), "kubernetes:core/v1:ConfigMap", "eks-one.proxy", settings); err != nil {
		t.Fatal(err)
	}
	l.apply("eks-one", "deployment", deployment("demo-one-v1", "apps"))
	l.decides(t, step{"with nobody's", nil, demo, "", call.StepSignature, 403, "anonymous", law.Law{}})
}

// A Service that leads to a port of nobody is ready, and answers nobody.
func TestPorts(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	to := func(port string) {
		l.down("eks-two.service")
		l.apply("eks-two", "eks-two.service", strings.Replace(service("demo-two-v1", "apps"), "targetPort: 8090", "targetPort: "+port, 1))
	}
	to("9999")
	l.decides(t, step{"another port", nil, demo, "", call.StepTarget, 503, "nothing listens on port 9999", call.LawTargetPort})
	to("web")
	l.decides(t, step{"a name that no port has", nil, demo, "", call.StepTarget, 503, "", law.Law{}})
	named := func(ports string) string {
		return strings.Replace(deployment("demo-two-v1", "apps"), "ports: [{containerPort: 8090}]", ports, 1)
	}
	for _, ports := range []string{"ports: [{name: web, containerPort: 8090}]", "ports: [{name: web, containerPort: 8090}]\n        readinessProbe: {tcpSocket: {port: web}}"} {
		l.down("eks-two.deployment")
		l.apply("eks-two", "eks-two.deployment", named(ports))
		l.decides(t, step{"a named port", nil, demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
	}
	to("9999")
	l.down("eks-two.deployment")
	l.apply("eks-two", "eks-two.deployment", strings.Replace(named("readinessProbe: {tcpSocket: {port: 9999}}"), "/http-server:", "/unknown:", 1))
	l.decides(t, step{"an unknown program without a port", nil, demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
	for probe, words := range map[string]string{
		"readinessProbe: {tcpSocket: {port: 9999}}":       "Readiness probe failed: dial tcp :9999: connect: connection refused",
		"startupProbe: {httpGet: {port: 8080, path: /}}":  ":8080: connect: connection refused",
		"readinessProbe: {httpGet: {port: web, path: /}}": `Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing "web": invalid syntax`,
	} {
		_, err := l.tryApply("eks-two", "probed", strings.ReplaceAll(named("ports: [{containerPort: 8090}]\n        "+probe), "demo-two-v1", "probed"))
		l.broke(err, kubelet.LawProbes, "0/2 Pods available", words)
		l.down("probed")
	}
}

// Every step of a call, broken in its own way.
func TestBrokenCalls(t *testing.T) {
	t.Parallel()
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			callLab(t).decides(t, c)
		})
	}
}

func TestCallsBeside(t *testing.T) {
	t.Parallel()
	l := callLab(t)
	for _, c := range beside {
		l.decides(t, c)
	}
}

// proxyWith changes the bootstrap of the callers' proxies.
func (l *lab) proxyWith(old, new string) {
	l.t.Helper()
	l.down("eks-one.proxy")
	data := configMap("apps", l.get("ca-installed", "certificate"))
	data["data"].(obj.Map)["envoy.yaml"] = strings.Replace(bootstrap, old, new, 1)
	if _, err := l.try(provider.New(l.clusters), l.instance("eks-one"), "kubernetes:core/v1:ConfigMap", "eks-one.proxy", data); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) decides(t *testing.T, c step) {
	t.Helper()
	if c.change != nil {
		c.change(l)
	}
	if c.url == "" {
		c.url = "http://demo-two.example.com"
	}
	r := l.call(c.caller, c.url)
	if r.DecidedBy != c.step || r.Status != c.status || r.Allowed != (c.status == 200) || !strings.Contains(r.Body, c.word) {
		t.Errorf("%s: the call came to %+v", c.name, r)
	}
	if c.law.ID != "" {
		shows(c.law)
	}
}

func TestCallers(t *testing.T) {
	t.Parallel()
	l := clusterLab(t, "eks-one")
	for _, c := range []struct {
		caller call.Caller
		url    string
		word   string
	}{
		{call.Caller{Cluster: "none"}, "http://a.example.com", `no cluster "none"`},
		{call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: "none"}, "http://a.example.com", "no Deployment apps/none in cluster eks-one"},
		{call.Caller{Cluster: "eks-one", Namespace: "default"}, "a.example.com", "is no address of a service"},
	} {
		if _, err := call.Do(l.clusters, c.caller, c.url); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v", c.caller, err)
		}
	}
	if _, err := call.Do(l.clusters, call.Caller{Cluster: "eks-one", Namespace: "new"}, "http://a.example.com"); err != nil {
		t.Error(err)
	}
	if l.object("eks-one", "", "Namespace", "", "new") != nil {
		t.Error("a call leaves its namespace behind")
	}
	var snapshot []cluster.Snapshot
	l.world.Look(func() { snapshot = l.clusters.Snapshot() })
	if len(snapshot) != 1 || snapshot[0].Name != "eks-one" || len(snapshot[0].Namespaces) != 4 {
		t.Errorf("the snapshot is %+v", snapshot)
	}
	l.down("eks-one.coredns", "eks-one.nodes")
	if _, err := call.Do(l.clusters, call.Caller{Cluster: "eks-one", Namespace: "default"}, "http://a.example.com"); err == nil || !strings.Contains(err.Error(), "the caller's pod does not start") {
		t.Errorf("without nodes: %v", err)
	}
}
