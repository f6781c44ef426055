package api_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/obj"
)

func TestObjectsAreChecked(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	kubetest.CRDs(h, "one")
	h.Apply("one", "ns-gateway", kubetest.Namespace("lattice-gateway"))
	gateway := strings.NewReplacer("CERTIFICATE", "arn:aws:acm:ap-northeast-2:123456789012:certificate/1",
		"pulumi.com/waitFor: condition=Programmed", "a: b").Replace(kubetest.Gateway)
	app := strings.Replace(kubetest.Deployment("demo", "apps"), "replicas: 2", "replicas: 0", 1)
	for _, c := range []struct{ name, broken, good, word string }{
		{"wrong type", strings.Replace(app, "replicas: 0", "replicas: many", 1), app, "expected numeric"},
		{"no selector", strings.Replace(app, "selector: {matchLabels: {app: demo}}", "", 1), app, "spec.selector: Required value"},
		{"selector without its labels", strings.Replace(app, "labels: {app: demo}", "labels: {app: other}", 1), app,
			"`selector` does not match template `labels`"},
		{"bad name", strings.Replace(app, "name: demo,", "name: Demo,", 1), app, "a lowercase RFC 1123 subdomain must consist of"},
		{"request above the limit", strings.Replace(app, "ports: [",
			"resources: {requests: {memory: 1Gi}, limits: {memory: 512Mi}}\n        ports: [", 1), app,
			`spec.template.spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi`},
		{"request of CPU above the limit", strings.Replace(app, "ports: [",
			"resources: {requests: {cpu: 1}, limits: {cpu: 250m}}\n        ports: [", 1), app, "must be less than or equal to cpu limit of 250m"},
		{"longer sleep than grace", strings.Replace(app, "ports: [", "lifecycle: {preStop: {sleep: {seconds: 75}}}\n        ports: [", 1), app,
			"preStop.sleep: Invalid value: 75: must be non-negative and less than terminationGracePeriodSeconds (30)"},
		{"pull policy", strings.Replace(app, "ports: [", "imagePullPolicy: Sometimes\n        ports: [", 1), app,
			`imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`},
		{"Service without ports", strings.Replace(kubetest.Service("demo", "apps"), ", ports: [{port: 80, targetPort: 8090, protocol: TCP}]",
			"", 1), "", "spec.ports: Required value"},
		{"port out of range", strings.Replace(kubetest.Service("demo", "apps"), "port: 80,", "port: 80000,", 1), "",
			"must be between 1 and 65535"},
		{"two TLS listeners on one port", strings.Replace(gateway, `hostname: "*.example.com"`, "", 1), gateway,
			"Combination of port, protocol and hostname must be unique for each listener"},
		{"unknown field of a CRD", strings.Replace(gateway, "gatewayClassName:", "className: x\n  gatewayClassName:", 1), gateway,
			".spec.className: field not declared in schema"},
		{"route without a backend name", strings.Replace(kubetest.HTTPRoute("demo", "apps"), "name: demo-v1, kind", "kind", 1), "", "name"},
		{"CRD of a protected group", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " +
			"as.x.k8s.io}\nspec: {group: x.k8s.io, scope: Cluster, names: {plural: as, kind: A}, versions: [{name: v1, served: true, storage: " +
			"true, schema: {openAPIV3Schema: {type: object}}}]}", "", "protected groups must have approval annotation"},
	} {
		err := h.TryApply("one", c.name, c.broken)
		if err == nil {
			t.Fatalf("%s: no error", c.name)
		}
		h.Refused(err, api.LawValid, c.word)
		if c.good != "" {
			h.Apply("one", c.name+", corrected", c.good)
			h.Down(c.name + ", corrected")
		}
	}
}

// Another manager may set other fields of an object, and force the change of one.
func TestFieldOwners(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	h.Apply("one", "mine", config)
	h.Apply("one", "beside", strings.Replace(config, "a: b", "other: c", 1))
	data := obj.StringMap(h.Object("one", "", "ConfigMap", "apps", "settings"), "data")
	if data["a"] != "b" || data["other"] != "c" {
		t.Errorf("two managers of one object made %v", data)
	}
	h.Apply("one", "forced", strings.NewReplacer("a: b", "a: c", "namespace: apps",
		`namespace: apps, annotations: {pulumi.com/patchForce: "true"}`).Replace(config))
}

func TestPoliciesAreChecked(t *testing.T) {
	t.Parallel()
	h := newCluster(t)
	for _, c := range []struct{ spec, word string }{
		{"{podSelector: {}, policyTypes: [Incoming]}",
			`spec.policyTypes[0]: Unsupported value: "Incoming": supported values: "Ingress", "Egress"`},
		{"{podSelector: {matchLabels: {app: -}}}", `spec.podSelector.matchLabels: Invalid value: "-"`},
		{"{podSelector: {}, ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]: Required value: must specify a peer"},
		{"{podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
			"spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"},
		{"{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {a: -}}}]}]}",
			`spec.ingress[0].from[0].namespaceSelector.matchLabels: Invalid value: "-"`},
		{"{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 169.254.171}}]}]}",
			`spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "169.254.171": must be a valid CIDR value`},
		{"{podSelector: {}, ingress: [{from: [{ipBlock: {}}]}]}", "ipBlock.cidr: Required value"},
		{"{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
			"spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict subset of `cidr`"},
		{"{podSelector: {}, ingress: [{ports: [{port: 80000}]}]}",
			"spec.ingress[0].ports[0].port: Invalid value: 80000: must be between 1 and 65535"},
		{"{podSelector: {}, ingress: [{ports: [{port: Web}]}]}", `spec.ingress[0].ports[0].port: Invalid value: "Web"`},
		{"{podSelector: {}, ingress: [{ports: [{protocol: ICMP}]}]}",
			`ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`},
		{"{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 79}]}]}",
			"endPort: Invalid value: 79: must be greater than or equal to `port`"},
		{"{podSelector: {}, ingress: [{ports: [{endPort: 79}]}]}", "may not be specified when `port` is not specified"},
		{"{podSelector: {}, ingress: [{ports: [{port: web, endPort: 79}]}]}", "may not be specified when `port` is non-numeric"},
	} {
		err := h.TryApply("one", c.spec, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: apps}\n"+
			"spec: "+c.spec)
		if err == nil {
			t.Errorf("%s: no error", c.spec)
			continue
		}
		h.Refused(err, api.LawValid, c.word)
	}
}
