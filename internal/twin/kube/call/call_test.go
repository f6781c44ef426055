package call_test

import (
	"net/http"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/law"
)

// step is a call with the step that has to decide it.
type step struct {
	name   string
	change func(h *kubetest.Harness)
	caller call.Caller
	url    string
	step   string
	status int
	word   string
	law    law.Law
}

func decides(h *kubetest.Harness, c step) {
	h.T.Helper()
	if c.change != nil {
		c.change(h)
	}
	if c.url == "" {
		c.url = demoTwo
	}
	r := h.Call(c.caller, c.url)
	if r.DecidedBy != c.step || r.Status != c.status || r.Allowed != (c.status == 200) || !strings.Contains(r.Body, c.word) ||
		r.Allowed && r.Law.ID != "" || c.law.ID != "" && r.Law != c.law {
		h.T.Errorf("%s: the call came to %+v", c.name, r)
	}
}

func podOf(name string) call.Caller {
	return call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: name}
}

// podURL is the address of a pod of a Deployment.
func podURL(h *kubetest.Harness, cluster, deployment string) (url string) {
	h.World.Look(func() { url = "http://" + h.Clusters.PodAddress(cluster, "apps", deployment) + ":8090" })
	return url
}

// uninjected redirects connections to a destination without a proxy behind it.
func uninjected(name, destination string) string {
	return strings.Replace(kubetest.Deployment(name, "apps", `initContainers: [{name: iptables, image: "x/iptables:v1", `+
		`securityContext: {capabilities: {add: [NET_ADMIN]}}, command: [sh, -c, "iptables -t nat -A OUTPUT -p tcp `+destination+` -j REDIRECT `+
		`--to-ports 8080"]}]`),
		"agent-inject", "none", 1)
}

// proxyWith changes the bootstrap of the callers' proxies.
func proxyWith(h *kubetest.Harness, old, replacement string) {
	h.T.Helper()
	h.Down("eks-one.proxy")
	kubetest.ProxyConfig(h, "eks-one", h.Output("ca-installed", "certificate"), old, replacement)
}

// broken takes away what every call of the cluster needs.
var broken = []step{
	{"network", func(h *kubetest.Harness) { h.Down("eks-one.association") }, kubetest.Demo, "", call.StepNetwork, 0, "connection timed out",
		law.Law{}},
	{"target group", func(h *kubetest.Harness) { h.Down("eks-two.rule-v4", "eks-two.rule-v6") }, kubetest.Demo, "", call.StepTarget, 503, "",
		law.Law{}},
	{"proxy without TLS", func(h *kubetest.Harness) { proxyWith(h, "transport_socket", "x") }, kubetest.Demo, "", call.StepTarget, 0,
		"connection reset by peer", law.Law{}},
	{"proxy that keeps the port", func(h *kubetest.Harness) { proxyWith(h, "upstream_port_override: 443", "") }, kubetest.Demo, "",
		call.StepTarget, 0, "connection reset by peer", law.Law{}},
	{"signature for another service", func(h *kubetest.Harness) {
		proxyWith(h, "service_name: vpc-lattice-svcs", "service_name: execute-api")
	}, kubetest.Demo, "", call.StepSignature, 403, "Credential should be scoped to correct service: 'vpc-lattice-svcs'.",
		call.LawSignatureScope},
	{"signature of the payload", func(h *kubetest.Harness) { proxyWith(h, "use_unsigned_payload: true", "use_unsigned_payload: false") },
		kubetest.Demo, "", call.StepSignature, 403, "should be UNSIGNED-PAYLOAD", call.LawSignatureScope},
	{"association after the pods", func(h *kubetest.Harness) {
		h.Down("eks-one.deployment", "eks-one.identity-apps-default")
		h.Apply("eks-one", "deployment", kubetest.Deployment("demo-one-v1", "apps"))
		kubetest.Associate(h, "eks-one", "apps", "default", "client")
	}, kubetest.Demo, "", call.StepSignature, 403, "anonymous", podidentity.LawAtCreation},
	{"no agent", func(h *kubetest.Harness) { h.Down("eks-one.eks-pod-identity-agent") }, kubetest.Demo, "", call.StepSignature, 403,
		"anonymous", podidentity.LawAgent},
	{"identity policy", func(h *kubetest.Harness) { h.Down("client-policy") }, kubetest.Demo, "", call.StepIdentityPolicy, 403,
		"because no identity-based policy allows the vpc-lattice-svcs:Invoke action", law.Law{}},
	{"network policy", func(h *kubetest.Harness) { h.Down("network-policy") }, kubetest.Demo, "", call.StepNetworkPolicy, 403,
		"because no network-based policy allows", law.Law{}},
}

// beside only adds callers.
var beside = []step{
	{"application's TLS", nil, kubetest.Demo, "https://demo-two.example.com", call.StepTLS, 0, "curl: (60) SSL certificate problem",
		call.LawTLS},
	{"proxy's uid", func(h *kubetest.Harness) {
		h.Apply("eks-one", "uid", kubetest.Deployment("uid", "apps", "securityContext: {runAsUser: 47443}"))
	}, podOf("uid"), "", call.StepSignature, 403, "anonymous", call.LawSignature},
	{"group 0 is redirected", func(h *kubetest.Harness) {
		h.Apply("eks-one", "gid", kubetest.Deployment("gid", "apps", "securityContext: {runAsUser: 0, runAsGroup: 0}"))
	}, podOf("gid"), "", call.StepServicePolicy, 200, "Hello from demo-two-v1", law.Law{}},
	{"service account", nil, call.Caller{Cluster: "eks-one", Namespace: "apps", ServiceAccount: "other", Injected: true}, "",
		call.StepServicePolicy, 200, "Hello", law.Law{}},
}

// A proxy that asks every provider signs as its node when the pod has nothing.
func TestNodesCredentials(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	h.AWS("aws:ec2/launchTemplate:LaunchTemplate", "template",
		engine.Props{"metadataOptions": engine.Props{"httpTokens": "required", "httpPutResponseHopLimit": 2}})
	nodes := h.Inputs("eks-one.nodes")
	nodes["launchTemplate"] = engine.Props{"id": h.ID("template"), "version": "1"}
	h.Down("eks-one.nodes")
	h.AWS("aws:eks/nodeGroup:NodeGroup", "eks-one.nodes", nodes)
	decides(h, step{"with the pod's credentials", nil, kubetest.Demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
	h.Down("eks-one.eks-pod-identity-agent")
	decides(h, step{"with the node's", nil, kubetest.Demo, "", call.StepServicePolicy, 403, "node-role", law.Law{}})
	// Envoy's own chain with the container's provider alone.
	only := "region: ap-northeast-2, credential_provider: {custom_credential_provider_chain: true, container_credential_provider: {}}}"
	h.Down("eks-one.deployment", "eks-one.proxy")
	kubetest.ProxyConfig(h, "eks-one", h.Output("ca-installed", "certificate"), "region: ap-northeast-2}", only)
	h.Apply("eks-one", "deployment", kubetest.Deployment("demo-one-v1", "apps"))
	decides(h, step{"with nobody's", nil, kubetest.Demo, "", call.StepSignature, 403, "anonymous", law.Law{}})
}

// A Service that leads to a port of nobody is ready, and answers nobody.
func TestPorts(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	to := func(port string) {
		h.Down("eks-two.service")
		h.Apply("eks-two", "eks-two.service", strings.Replace(kubetest.Service("demo-two-v1", "apps"), "targetPort: 8090", "targetPort: "+port,
			1))
	}
	to("9999")
	decides(h, step{"another port", nil, kubetest.Demo, "", call.StepTarget, 503, "nothing listens on port 9999", call.LawTargetPort})
	to("web")
	decides(h, step{"a name that no port has", nil, kubetest.Demo, "", call.StepTarget, 503, "", law.Law{}})
	named := func(ports string) string {
		return strings.Replace(kubetest.Deployment("demo-two-v1", "apps"), "ports: [{containerPort: 8090}]", ports, 1)
	}
	for _, ports := range []string{"ports: [{name: web, containerPort: 8090}]",
		"ports: [{name: web, containerPort: 8090}]\n        readinessProbe: {tcpSocket: {port: web}}"} {
		h.Down("eks-two.deployment")
		h.Apply("eks-two", "eks-two.deployment", named(ports))
		decides(h, step{"a named port", nil, kubetest.Demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
	}
	to("9999")
	h.Down("eks-two.deployment")
	h.Apply("eks-two", "eks-two.deployment", strings.Replace(named("readinessProbe: {tcpSocket: {port: 9999}}"), "/http-server:",
		"/unknown:", 1))
	decides(h, step{"an unknown program without a port", nil, kubetest.Demo, "", call.StepServicePolicy, 200, "Hello", law.Law{}})
}

// Every step of a call, broken in its own way.
func TestBrokenCalls(t *testing.T) {
	t.Parallel()
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			decides(kubetest.NewPair(t), c)
		})
	}
}

func TestCallsBeside(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	for _, c := range beside {
		decides(h, c)
	}
}

// A caller outside has its VPC's network and its own signature, and nothing of the
// cluster.
func TestCallsFromOutside(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	const role = "arn:aws:iam::123456789012:role/reports"
	own := ""
	h.World.Look(func() {
		service, err := h.Account.Lattice("").FindService(h.Account.Caller(""), "demo-two-apps")
		if err != nil || service == nil {
			t.Errorf("no service: %v", err)
			return
		}
		own = service.DNSName
		service.Policy = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "*",
			"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalArn": "` + role + `"}}}}`
	})
	outside := call.Caller{Cluster: "eks-one", Outside: true, Role: role}
	other, abroad, unsigned := outside, outside, outside
	other.Role, abroad.Role, unsigned.Role = role+"-2", "arn:aws:iam::210987654321:role/reports", ""
	withoutPermission := outside
	withoutPermission.Role = h.Output("eks-one.node-role", "arn")
	for _, c := range []step{
		{"with the role", nil, outside, "", call.StepServicePolicy, 200, "Hello from demo-two-v1", law.Law{}},
		{"with another role", nil, other, "", call.StepServicePolicy, 403, "assumed-role/reports-2/call is not authorized", law.Law{}},
		{"with the role of another account", nil, abroad, "", call.StepNetworkPolicy, 403, "210987654321", law.Law{}},
		{"without a signature", nil, unsigned, "", call.StepSignature, 403, "anonymous", call.LawSignature},
		{"with a role of the account", nil, withoutPermission, "", call.StepServicePolicy, 403, "node-role", law.Law{}},
		{"by the service's own name", nil, outside, "https://" + own, call.StepServicePolicy, 200, "Hello", law.Law{}},
		{"without the private CA", nil, outside, "https://demo-two.example.com", call.StepTLS, 0, "curl: (60)", call.LawTLS},
		{"a Service of the cluster", nil, outside, "http://demo-one-v1.apps", call.StepDNS, 0, "Could not resolve host", call.LawName},
		{"without the cluster's DNS", func(h *kubetest.Harness) { h.Down("eks-one.coredns") }, outside, "", call.StepServicePolicy, 200,
			"Hello", law.Law{}},
		{"from a VPC without the network", func(h *kubetest.Harness) { h.Down("eks-one.association") }, outside, "", call.StepNetwork, 0,
			"connection timed out", law.Law{}},
	} {
		decides(h, c)
	}
}

func TestCallers(t *testing.T) {
	t.Parallel()
	h := kubetest.NewCluster(t, "eks-one")
	for _, c := range []struct {
		caller call.Caller
		url    string
		word   string
	}{
		{call.Caller{Cluster: "none"}, "http://a.example.com", `no cluster "none"`},
		{call.Caller{Cluster: "eks-one", Namespace: "apps", Deployment: "none"}, "http://a.example.com",
			"no Deployment apps/none in cluster eks-one"},
		{call.Caller{Cluster: "eks-one", Namespace: "default"}, "a.example.com", "is not the URL of a service"},
	} {
		if _, err := call.Do(h.Clusters, c.caller, http.MethodGet, c.url); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v", c.caller, err)
		}
	}
	if _, err := call.Do(h.Clusters, call.Caller{Cluster: "eks-one", Namespace: "new"}, http.MethodGet, "http://a.example.com"); err != nil {
		t.Error(err)
	}
	if h.Object("eks-one", "", "Namespace", "", "new") != nil {
		t.Error("a call leaves its namespace behind")
	}
	var snapshot []cluster.Snapshot
	h.World.Look(func() { snapshot = h.Clusters.Snapshot() })
	if len(snapshot) != 1 || snapshot[0].Name != "eks-one" || len(snapshot[0].Namespaces) != 4 {
		t.Errorf("the snapshot is %+v", snapshot)
	}
	h.Down("eks-one.coredns", "eks-one.nodes")
	_, err := call.Do(h.Clusters, call.Caller{Cluster: "eks-one", Namespace: "default"}, http.MethodGet, "http://a.example.com")
	if err == nil || !strings.Contains(err.Error(), "the caller's pod does not start") {
		t.Errorf("without nodes: %v", err)
	}
}

func TestCallsWithinTheCluster(t *testing.T) {
	t.Parallel()
	h := kubetest.NewPair(t)
	pod := podURL(h, "eks-one", "demo-one-v1")
	inside := call.Caller{Cluster: "eks-one", Namespace: "apps"}
	for _, c := range []step{
		{"nobody has the address", nil, inside, "http://10.0.99.99:8090", call.StepTarget, 0, "Connection timed out", law.Law{}},
		{"nothing listens", nil, inside, strings.Replace(pod, "8090", "9999", 1), call.StepTarget, 0, "Connection refused", law.Law{}},
		{"the application takes no TLS", nil, inside, strings.Replace(pod, "http", "https", 1), call.StepTLS, 0, "wrong version number",
			law.Law{}},
		{"the Service in one's own namespace", nil, inside, "http://demo-one-v1", call.StepPodPolicy, 200, "Hello from demo-one-v1", law.Law{}},
		{"a Service in another namespace needs it", nil, call.Caller{Cluster: "eks-one", Namespace: "elsewhere"}, "http://demo-one-v1",
			call.StepDNS, 0, "Could not resolve host: demo-one-v1", call.LawName},
		{"a port that the Service does not have", nil, inside, "http://demo-one-v1:8090", call.StepTarget, 0, "Connection timed out", law.Law{}},
		{"a Service without pods", func(h *kubetest.Harness) {
			h.Apply("eks-one", "empty", strings.Replace(kubetest.Service("empty", "apps"), "namespace: apps",
				`namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1))
		}, inside, "http://empty", call.StepTarget, 0, "Connection refused", law.Law{}},
		{"a redirect of everything", func(h *kubetest.Harness) {
			h.Apply("eks-one", "greedy", uninjected("greedy", ""))
		}, podOf("greedy"), pod, call.StepRedirect, 0, "Connection reset by peer", law.Law{}},
	} {
		decides(h, c)
	}
}
