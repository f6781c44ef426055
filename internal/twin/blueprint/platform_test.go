package blueprint

import (
	"strings"

	"sigs.k8s.io/yaml"
)

const (
	platform = "helm_release.platform_application"
	demo     = "helm_release.demo_application"
	identity = "aws_eks_pod_identity_association.apps"
)

// manifest is an object in YAML; tabs are taken out.
func (s stack) manifest(address, text string, after ...string) {
	var in props
	if err := yaml.Unmarshal([]byte(text), &in); err != nil {
		s.tb.Fatalf("%s: %v", address, err)
	}
	s.object(address, "kubernetes:"+in["apiVersion"].(string)+":"+in["kind"].(string), in, after...)
}

// addonsModule is what depends_on = [module.eks_blueprints_addons] waits for.
func (s stack) addonsModule() []string {
	return with(s.podsRun(), s.at(controller+".helm_release"), s.at(externalDNS+".helm_release"))
}

// platform is the blueprint's chart of that name: class, Gateway, the policy of
// the service network and the policy that injects the sidecar.
func (s stack) platform() {
	s.aws(identity, "aws:eks/podIdentityAssociation:PodIdentityAssociation", props{"clusterName": s.id("module.eks.aws_eks_cluster"),
		"namespace": "apps", "serviceAccount": "default", "roleArn": "${environment/aws_iam_role.vpc_lattice_role|arn}"})
	after := with(s.addonsModule(), s.at(identity))
	s.manifest(platform+".namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: lattice-gateway}}", after...)
	after = with(after, s.at(platform+".namespace"))

	ready := after
	if !s.has[kyvernoRaces] {
		ready = with(ready, s.at(kyverno+".helm_release"))
	}
	policy := injection
	if s.has[policyNotAwaited] {
		policy = strings.Replace(policy, "pulumi.com/waitFor: condition=Ready", "", 1)
	}
	s.manifest(platform+".cluster_policy", policy, ready...)

	classFirst := after
	if !s.has[chartHasNoOrder] {
		classFirst = with(classFirst, s.at(platform+".gateway_class"))
	}
	s.manifest(platform+".gateway_class", `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: GatewayClass
metadata: {name: amazon-vpc-lattice}
spec: {controllerName: application-networking.k8s.aws/gateway-api-controller}
`, after...)
	hostname := `hostname: "*.` + domain + `"`
	if s.has[sameListeners] {
		hostname = ""
	}
	s.manifest(platform+".gateway", `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata: {name: lattice-gateway, namespace: lattice-gateway, annotations: {pulumi.com/waitFor: condition=Programmed}}
spec:
  gatewayClassName: amazon-vpc-lattice
  listeners:
  - name: http-listener
    port: 80
    protocol: HTTP
    allowedRoutes: &routes
      kinds: [{kind: HTTPRoute}]
      namespaces: {from: Selector, selector: {matchLabels: {allow-attachment-to-infra-gw: "true"}}}
  - name: https-listener-with-default-domain
    port: 443
    protocol: HTTPS
    allowedRoutes: *routes
  - name: https-listener-with-custom-domain
    port: 443
    protocol: HTTPS
    allowedRoutes: *routes
    tls:
      mode: Terminate
      options: {application-networking.k8s.aws/certificate-arn: "${environment/aws_acm_certificate.private_domain_cert|arn}"}
    `+hostname+`
`, classFirst...)
	if s.has[policyPerCluster] {
		s.manifest(platform+".iam_auth_policy", `
apiVersion: application-networking.k8s.aws/v1alpha1
kind: IAMAuthPolicy
metadata: {name: lattice-gateway-iam-auth-policy, namespace: lattice-gateway}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: lattice-gateway}
  policy: '`+anybodySigned+`'
`, with(after, s.at(platform+".gateway"))...)
	}
}

// injection is the ClusterPolicy: iptables rules by an init container, and the
// signing proxy as a sidecar.
const injection = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: inject-sidecar, annotations: {pulumi.com/waitFor: condition=Ready}}
spec:
  rules:
  - name: inject-sidecar-envoy
    match: {any: [{resources: {kinds: [Deployment]}}]}
    mutate:
      patchStrategicMerge:
        spec:
          template:
            metadata: {annotations: {(vpc-lattices-svcs.amazonaws.com/agent-inject): "true"}}
            spec:
              initContainers:
              - name: iptables-init
                image: public.ecr.aws/seb-demo/iptables:v1
                securityContext: {capabilities: {add: [NET_ADMIN]}}
                command:
                - /bin/sh
                - -c
                - >
                  iptables -t nat -N EGRESS_PROXY;
                  iptables -t nat -A OUTPUT -p tcp -d 169.254.171.0/24 -j EGRESS_PROXY;
                  iptables -t nat -A EGRESS_PROXY -m owner --gid-owner 0 -j RETURN;
                  iptables -t nat -A EGRESS_PROXY -p tcp -j REDIRECT --to-ports 8080;
              containers:
              - name: envoy-sigv4
                image: public.ecr.aws/seb-demo/envoy-sigv4:v0.5
                securityContext: {runAsGroup: 0}
                env:
                - {name: APP_DOMAIN, value: example.com}
                - {name: CA_ARN, value: "${environment/aws_acmpca_certificate_authority.this|arn}"}
                args: ["-l", "info"]
                ports: [{containerPort: 8080, name: proxy, protocol: TCP}]
`

// demo is the blueprint's chart of that name: the application, its route and
// who may call it.
func (s stack) demo() {
	labels := `{allow-attachment-to-infra-gw: "true"}`
	if s.has[plainNamespace] {
		labels = "{}"
	}
	app := "demo-" + s.name
	after := s.addonsModule()
	for _, d := range s.resources {
		if d.cluster == s.at("module.eks.aws_eks_cluster") && len(d.name) > len(s.at(platform)) &&
			d.name[:len(s.at(platform))] == s.at(platform) {
			after = with(after, d.name)
		}
	}
	after = with(after, s.at(identity))
	s.manifest(demo+".namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: apps, labels: "+labels+"}}", after...)
	after = with(after, s.at(demo+".namespace"))
	s.manifest(demo+".deployment", `
apiVersion: apps/v1
kind: Deployment
metadata: {name: `+app+`-v1, namespace: apps, labels: {app: `+app+`-v1}}
spec:
  replicas: 1
  selector: {matchLabels: {app: `+app+`-v1}}
  template:
    metadata:
      annotations: {vpc-lattices-svcs.amazonaws.com/agent-inject: "true"}
      labels: {app: `+app+`-v1}
    spec:
      terminationGracePeriodSeconds: 15
      containers:
      - name: `+app+`-v1
        image: public.ecr.aws/seb-demo/http-server:latest
        env: [{name: PodName, value: Hello from `+app+`-v1}]
        securityContext: {runAsUser: 0, runAsGroup: 1000}
        lifecycle: {preStop: {exec: {command: [/bin/sh, -c, sleep 15]}}}
`, after...)
	s.manifest(demo+".service", `
apiVersion: v1
kind: Service
metadata: {name: `+app+`-v1, namespace: apps}
spec: {selector: {app: `+app+`-v1}, ports: [{protocol: TCP, port: 80, targetPort: 8090}]}
`, with(after, s.at(demo+".deployment"))...)
	s.route(app, s.at(demo+".service"))
	s.manifest(demo+".iam_auth_policy", `
apiVersion: application-networking.k8s.aws/v1alpha1
kind: IAMAuthPolicy
metadata: {name: `+app+`-iam-auth-policy, namespace: apps}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: apps, name: `+app+`}
  policy: |
    {
      "Version": "2012-10-17",
      "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::`+s.account.ID+`:root"}, "Action": "vpc-lattice-svcs:Invoke", "Resource": "*",
        "Condition": {"StringEquals": {
          "aws:PrincipalTag/eks-cluster-name": "`+s.allowed+`",
          "aws:PrincipalTag/kubernetes-namespace": "apps"
        }}
      }]
    }
`, s.at(demo+".route"))
}

// route is the application's HTTPRoute, on two of the Gateway's listeners.
func (s stack) route(app string, after ...string) {
	s.manifest(demo+".route", `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: HTTPRoute
metadata:
  name: `+app+`
  namespace: apps
  annotations: {pulumi.com/waitFor: "jsonpath={.metadata.annotations['application-networking.k8s.aws/lattice-assigned-domain-name']}"}
spec:
  hostnames: [`+app+`.`+domain+`]
  parentRefs:
  - {kind: Gateway, name: lattice-gateway, namespace: lattice-gateway, sectionName: http-listener}
  - {kind: Gateway, name: lattice-gateway, namespace: lattice-gateway, sectionName: https-listener-with-custom-domain}
  rules:
  - backendRefs: [{name: `+app+`-v1, kind: Service, port: 80}]
    matches: [{path: {type: PathPrefix, value: /}}]
`, after...)
}
