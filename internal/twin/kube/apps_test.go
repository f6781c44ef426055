package kube_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/world"
)

const classManifest = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: amazon-vpc-lattice, annotations: {pulumi.com/waitFor: condition=Accepted}}
spec: {controllerName: application-networking.k8s.aws/gateway-api-controller}
`

const gatewayManifest = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lattice-gateway, namespace: lattice-gateway, annotations: {pulumi.com/waitFor: condition=Programmed}}
spec:
  gatewayClassName: amazon-vpc-lattice
  listeners:
  - {name: http-listener, port: 80, protocol: HTTP, allowedRoutes: &routes {namespaces: {from: Selector, selector: {matchLabels: {allow-attachment-to-infra-gw: "true"}}}}}
  - {name: https-listener-with-default-domain, port: 443, protocol: HTTPS, allowedRoutes: *routes}
  - name: https-listener-with-custom-domain
    port: 443
    protocol: HTTPS
    hostname: "*.example.com"
    allowedRoutes: *routes
    tls: {mode: Terminate, options: {application-networking.k8s.aws/certificate-arn: "CERTIFICATE"}}
`

// injectionManifest injects what the project's sidecar consists of, as far as
// it matters to a request's way.
const injectionManifest = `
apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata: {name: inject, annotations: {pulumi.com/waitFor: 'jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True'}}
spec:
  failurePolicy: Fail
  autogen: {podControllers: {controllers: []}}
  matchConstraints:
    namespaceSelector: {matchLabels: {inject: enabled}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  matchConditions:
  - {name: annotated, expression: 'object.metadata.?annotations["vpc-lattices-svcs.amazonaws.com/agent-inject"].orValue("") == "true"'}
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: |
        [
          JSONPatch{op: "add", path: "/spec/initContainers", value: []},
          JSONPatch{op: "add", path: "/spec/initContainers/-", value: Object.spec.initContainers{name: "iptables-init", image: "registry.k8s.io/iptables:v1",
              command: ["iptables-restore", "/etc/proxy/rules"],
              securityContext: Object.spec.initContainers.securityContext{runAsUser: 0, capabilities: Object.spec.initContainers.securityContext.capabilities{add: ["NET_ADMIN"]}},
              volumeMounts: [Object.spec.initContainers.volumeMounts{name: "proxy", mountPath: "/etc/proxy"}]}},
          JSONPatch{op: "add", path: "/spec/initContainers/-", value: Object.spec.initContainers{name: "envoy", image: "docker.io/envoyproxy/envoy:v1", restartPolicy: "Always",
              args: ["-c", "/etc/proxy/envoy.yaml"],
              volumeMounts: [Object.spec.initContainers.volumeMounts{name: "proxy", mountPath: "/etc/proxy"}]}},
          JSONPatch{op: "add", path: "/spec/volumes", value: []},
          JSONPatch{op: "add", path: "/spec/volumes/-", value: Object.spec.volumes{name: "proxy", configMap: Object.spec.volumes.configMap{name: "proxy"}}}
        ]
`

const bootstrap = `
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: 8080}}
    filter_chains:
    - filter_chain_match: {prefix_ranges: [{address_prefix: 169.254.171.0, prefix_len: 24}]}
      filters:
      - typed_config:
          http_filters:
          - {name: envoy.filters.http.aws_request_signing, typed_config: {service_name: vpc-lattice-svcs, region: ap-northeast-2}}
  clusters:
  - original_dst_lb_config: {upstream_port_override: 443}
    transport_socket: {typed_config: {common_tls_context: {validation_context: {trusted_ca: {filename: /etc/proxy/ca.pem}}}}}
`

const rules = `*nat
:LATTICE - [0:0]
-A OUTPUT -p tcp -d 169.254.171.0/24 --dport 80 -j LATTICE
-A LATTICE -m owner --uid-owner 47443 -j RETURN
-A LATTICE -p tcp -j REDIRECT --to-ports 8080
COMMIT
`

func configMap(namespace, ca string) engine.Props {
	return engine.Props{"apiVersion": "v1", "kind": "ConfigMap", "metadata": obj.Map{"name": "proxy", "namespace": namespace},
		"data": obj.Map{"envoy.yaml": bootstrap, "rules": rules, "ca.pem": ca}}
}

// platform makes everything in a cluster up to the applications.
func (l *lab) platform(cluster string) {
	l.t.Helper()
	l.cluster(cluster)
	l.controllers(cluster)
	l.apply(cluster, part(cluster, "class"), classManifest)
	l.apply(cluster, part(cluster, "ns-gateway"), namespace("lattice-gateway"))
	l.apply(cluster, part(cluster, "gateway"), strings.Replace(gatewayManifest, "CERTIFICATE", l.get("certificate", "arn"), 1))
	l.apply(cluster, part(cluster, "policy"), injectionManifest)
}

func deployment(name, ns string, more ...string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: 2
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}, annotations: {vpc-lattices-svcs.amazonaws.com/agent-inject: "true"}}
    spec:
      %[3]s
      containers:
      - name: %[1]s
        image: public.ecr.aws/x2j8p8w7/http-server:latest
        env: [{name: PodName, value: Hello from %[1]s}]
        ports: [{containerPort: 8090}]
`, name, ns, strings.Join(more, "\n      "))
}

func service(name, ns string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: %[2]s}
spec: {selector: {app: %[1]s}, ports: [{port: 80, targetPort: 8090, protocol: TCP}]}
`, name, ns)
}

func route(name, ns string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %[1]s, namespace: %[2]s, annotations: {pulumi.com/waitFor: "jsonpath={.metadata.annotations['application-networking.k8s.aws/lattice-assigned-domain-name']}"}}
spec:
  hostnames: [%[1]s.example.com]
  parentRefs:
  - {name: lattice-gateway, namespace: lattice-gateway, sectionName: http-listener}
  - {name: lattice-gateway, namespace: lattice-gateway, sectionName: https-listener-with-custom-domain}
  rules:
  - backendRefs: [{name: %[1]s-v1, kind: Service, port: 80, weight: 1}]
    matches: [{path: {type: PathPrefix, value: /}}]
`, name, ns)
}

func authPolicy(route, ns, cluster string) string {
	return fmt.Sprintf(`
apiVersion: application-networking.k8s.aws/v1alpha1
kind: IAMAuthPolicy
metadata: {name: %[1]s-iam-auth-policy, namespace: %[2]s, annotations: {pulumi.com/waitFor: "jsonpath={.metadata.annotations['application-networking.k8s.aws/iam-auth-policy-resource-id']}"}}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: %[1]s}
  policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"%[3]s","aws:PrincipalTag/kubernetes-namespace":"apps","aws:PrincipalTag/eks-cluster-arn":"arn:aws:eks:ap-northeast-2:123456789012:cluster/%[3]s"}}}]}'
`, route, ns, cluster)
}

// app makes the demo application of a cluster, callable by another cluster.
func (l *lab) app(cluster, caller string) {
	l.t.Helper()
	name := "demo-" + strings.TrimPrefix(cluster, "eks-")
	l.apply(cluster, part(cluster, "apps"), namespace("apps", appLabels...))
	l.config(cluster, l.get("ca-installed", "certificate"))
	l.identity(cluster, "apps", "default", "client")
	l.apply(cluster, part(cluster, "deployment"), deployment(name+"-v1", "apps"))
	l.apply(cluster, part(cluster, "service"), service(name+"-v1", "apps"))
	l.apply(cluster, part(cluster, "route"), route(name, "apps"))
	l.apply(cluster, part(cluster, "auth"), authPolicy(name, "apps", caller))
}

func (l *lab) config(cluster, ca string) {
	l.t.Helper()
	if _, err := l.try(provider.New(l.clusters), l.instance(cluster), "kubernetes:core/v1:ConfigMap", part(cluster, "proxy"), configMap("apps", ca)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) invoke(token string, args engine.Props) (out engine.Props, err error) {
	err = l.world.Do(world.Read, token, func(op *world.Op) error {
		out, err = l.account.Backend().Invoke(op, awsInstance, token, args)
		return err
	})
	return out, err
}

// The whole system comes up, answers, finds nothing to change and goes down
// without a rest.
func TestLife(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.environment()
	for _, c := range [][2]string{{"eks-cluster1", "eks-cluster2"}, {"eks-cluster2", "eks-cluster1"}} {
		l.platform(c[0])
		l.app(c[0], c[1])
	}
	from := func(cluster string) call.Caller {
		return call.Caller{Cluster: "eks-" + cluster, Namespace: "apps", Deployment: "demo-" + cluster + "-v1"}
	}
	for _, c := range []struct {
		caller  call.Caller
		url     string
		allowed bool
		by      string
		words   []string
	}{
		{from("cluster1"), "http://demo-cluster2.example.com", true, call.StepServicePolicy, []string{"Requsting to Pod(demo-cluster2-v1-", "): Hello from demo-cluster2-v1"}},
		{from("cluster2"), "http://demo-cluster1.example.com", true, call.StepServicePolicy, []string{"Hello from demo-cluster1-v1"}},
		{from("cluster1"), "http://demo-cluster1.example.com", false, call.StepServicePolicy, []string{
			"AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/client/eks-eks-cluste-demo-clust-",
			"is not authorized to perform: vpc-lattice-svcs:Invoke on resource: arn:aws:vpc-lattice:ap-northeast-2:123456789012:service/svc-",
			"/ because no service-based policy allows the vpc-lattice-svcs:Invoke action"}},
		{from("cluster2"), "http://demo-cluster2.example.com", false, call.StepServicePolicy, nil},
		{from("cluster1"), "https://demo-cluster2.example.com", false, call.StepTLS, []string{"curl: (60)"}},
		{from("cluster1"), "http://nobody.example.com", false, call.StepDNS, []string{"Could not resolve host"}},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "apps"}, "http://demo-cluster2.example.com", false, call.StepSignature, []string{"anonymous"}},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "apps", Injected: true}, "http://demo-cluster2.example.com", true, call.StepServicePolicy, nil},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "elsewhere", Injected: true}, "http://demo-cluster2.example.com", false, call.StepServicePolicy, []string{"eks-eks-cluste-caller-"}},
		{call.Caller{Cluster: "eks-cluster1", Namespace: "apps", Injected: true, Elsewhere: true}, "http://demo-cluster2.example.com", false, call.StepNetworkPolicy, []string{"arn:aws:sts::210987654321"}},
	} {
		r := l.call(c.caller, c.url)
		if r.Allowed != c.allowed || r.DecidedBy != c.by {
			t.Errorf("%+v %s: %+v", c.caller, c.url, r)
		}
		for _, w := range c.words {
			if !strings.Contains(r.Body, w) {
				t.Errorf("%+v %s: want %q in %+v", c.caller, c.url, w, r)
			}
		}
	}
	if l.object("eks-cluster1", "", "Namespace", "", "elsewhere") != nil {
		t.Error("a call leaves its namespace behind")
	}
	for name, m := range l.made {
		checked, _, err := m.backend.Check(m.inst, m.urn, m.in, m.in)
		if err != nil {
			t.Fatal(err)
		}
		if diff, err := m.backend.Diff(m.inst, m.urn, m.in, m.out, checked); err != nil || len(diff.Keys) > 0 {
			t.Errorf("a second up changes %s: %v %v", name, diff.Keys, err)
		}
		// Both clusters are associated with the zone, which gave a VPC of its own.
		if in, out, diff := l.refresh(name); out == nil || (name == "zone") != (len(diff.Keys) > 0) || (name == "zone") == reflect.DeepEqual(in, m.in) {
			t.Errorf("a refresh finds %s: %v", name, diff.Keys)
		}
	}
	l.downAll()
	if left := append(l.account.Leftovers(), l.clusters.Leftovers()...); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if w := l.clusters.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
}
