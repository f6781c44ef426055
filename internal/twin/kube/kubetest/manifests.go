package kubetest

import (
	"fmt"
	"strings"
)

// GatewayClass is the class of the AWS Gateway API Controller.
const GatewayClass = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: amazon-vpc-lattice, annotations: {pulumi.com/waitFor: condition=Accepted}}
spec: {controllerName: application-networking.k8s.aws/gateway-api-controller}
`

// Gateway is the project's Gateway; its certificate is to replace CERTIFICATE.
const Gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lattice-gateway, namespace: lattice-gateway, annotations: {pulumi.com/waitFor: condition=Programmed}}
spec:
  gatewayClassName: amazon-vpc-lattice
  listeners:
  - name: http-listener
    port: 80
    protocol: HTTP
    allowedRoutes: &routes {namespaces: {from: Selector, selector: {matchLabels: {allow-attachment-to-infra-gw: "true"}}}}
  - {name: https-listener-with-default-domain, port: 443, protocol: HTTPS, allowedRoutes: *routes}
  - name: https-listener-with-custom-domain
    port: 443
    protocol: HTTPS
    hostname: "*.example.com"
    allowedRoutes: *routes
    tls: {mode: Terminate, options: {application-networking.k8s.aws/certificate-arn: "CERTIFICATE"}}
`

// InjectionPolicy injects what the project's sidecar consists of, as far as
// it matters to a request's way.
const InjectionPolicy = `
apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata:
  name: inject
  annotations: {pulumi.com/waitFor: 'jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True'}
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
          JSONPatch{op: "add", path: "/spec/initContainers/-", value: Object.spec.initContainers{
              name: "iptables-init", image: "registry.k8s.io/iptables:v1",
              command: ["iptables-restore", "/etc/proxy/rules"],
              securityContext: Object.spec.initContainers.securityContext{
                runAsUser: 0, capabilities: Object.spec.initContainers.securityContext.capabilities{add: ["NET_ADMIN"]}},
              volumeMounts: [Object.spec.initContainers.volumeMounts{name: "proxy", mountPath: "/etc/proxy"}]}},
          JSONPatch{op: "add", path: "/spec/initContainers/-", value: Object.spec.initContainers{
              name: "envoy", image: "docker.io/envoyproxy/envoy:v1", restartPolicy: "Always",
              args: ["-c", "/etc/proxy/envoy.yaml"],
              volumeMounts: [Object.spec.initContainers.volumeMounts{name: "proxy", mountPath: "/etc/proxy"}]}},
          JSONPatch{op: "add", path: "/spec/volumes", value: []},
          JSONPatch{op: "add", path: "/spec/volumes/-", value: Object.spec.volumes{
              name: "proxy", configMap: Object.spec.volumes.configMap{name: "proxy"}}}
        ]
`

// envoyBootstrap is that of the project's proxy as far as it matters to a request's way.
const envoyBootstrap = `
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: 8080}}
    filter_chains:
    - filter_chain_match: {prefix_ranges: [{address_prefix: 169.254.171.0, prefix_len: 24}]}
      filters:
      - typed_config:
          http_filters:
          - name: envoy.filters.http.aws_request_signing
            typed_config: {service_name: vpc-lattice-svcs, use_unsigned_payload: true, region: ap-northeast-2}
  clusters:
  - original_dst_lb_config: {upstream_port_override: 443}
    transport_socket: {typed_config: {common_tls_context: {validation_context: {trusted_ca: {filename: /etc/proxy/ca.pem}}}}}
`

const iptablesRules = `*nat
:LATTICE - [0:0]
-A OUTPUT -p tcp -d 169.254.171.0/24 --dport 80 -j LATTICE
-A LATTICE -m owner --uid-owner 47443 -j RETURN
-A LATTICE -p tcp -j REDIRECT --to-ports 8080
COMMIT
`

// Deployment runs the demo server. more are lines of the pod's spec.
func Deployment(name, ns string, more ...string) string {
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

// Service is the Service of a Deployment of the same name.
func Service(name, ns string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: %[2]s}
spec: {selector: {app: %[1]s}, ports: [{port: 80, targetPort: 8090, protocol: TCP}]}
`, name, ns)
}

// TargetGroupPolicy is a policy for a Service of the same name.
func TargetGroupPolicy(name, ns string, spec ...string) string {
	return fmt.Sprintf(`
apiVersion: application-networking.k8s.aws/v1alpha1
kind: TargetGroupPolicy
metadata: {name: %[1]s, namespace: %[2]s, annotations: {pulumi.com/waitFor: condition=Accepted}}
spec:
  targetRef: {group: "", kind: Service, name: %[1]s}
  %[3]s
`, name, ns, strings.Join(spec, "\n  "))
}

// HTTPRoute is the route to the Service name-v1.
func HTTPRoute(name, ns string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %[1]s, namespace: %[2]s, annotations: {
  pulumi.com/waitFor: "jsonpath={.metadata.annotations['application-networking.k8s.aws/lattice-assigned-domain-name']}"}}
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

// GRPCRoute is the route of a gRPC service to the Service name-v1, and who may call it.
func GRPCRoute(name, ns, service string) string {
	return strings.NewReplacer("kind: HTTPRoute", "kind: GRPCRoute",
		"  - {name: lattice-gateway, namespace: lattice-gateway, sectionName: http-listener}\n", "",
		"{path: {type: PathPrefix, value: /}}", "{method: {service: "+service+"}}").Replace(HTTPRoute(name, ns))
}

// AuthPolicy lets the pods of a cluster call a route.
func AuthPolicy(route, ns, cluster string) string {
	return fmt.Sprintf(`
apiVersion: application-networking.k8s.aws/v1alpha1
kind: IAMAuthPolicy
metadata: {name: %[1]s-iam-auth-policy, namespace: %[2]s, annotations: {
  pulumi.com/waitFor: "jsonpath={.metadata.annotations['application-networking.k8s.aws/iam-auth-policy-resource-id']}"}}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: %[1]s}
  policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},
    "Action":"vpc-lattice-svcs:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"%[3]s",
    "aws:PrincipalTag/kubernetes-namespace":"apps",
    "aws:PrincipalTag/eks-cluster-arn":"arn:aws:eks:ap-northeast-2:123456789012:cluster/%[3]s"}}}]}'
`, route, ns, cluster)
}
