package charts

import (
	_ "embed"
	"sync"

	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/kube/obj"
)

// The values that the chart documents, and the schema that it ships, in the
// twin's own words: https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/helm/values.yaml
//
//go:embed lattice-values.yaml
var latticeValuesYAML []byte

//go:embed lattice-schema.json
var latticeSchemaJSON string

// The CRDs of the chart's crds/ folder. No registry of modules serves the
// upstream files, so these are minimal schemas written for the twin from the
// documented API: https://www.gateway-api-controller.eks.aws.dev/latest/api-reference/
//
//go:embed lattice-crds.yaml
var latticeCRDsYAML []byte

var latticeValues = sync.OnceValue(func() obj.Map { return mustYAML(latticeValuesYAML) })

var latticeCRDs = sync.OnceValue(func() []obj.Map { return obj.Maps(mustYAML(latticeCRDsYAML), "crds") })

func mustYAML(text []byte) obj.Map {
	var m obj.Map
	if err := yaml.Unmarshal(text, &m); err != nil {
		panic(err) // embedded
	}
	return m
}

func checkLattice(values obj.Map) error { return checkSchema(latticeSchemaJSON, values) }

// latticeEnv are the values that become the controller's environment:
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/helm/templates/deployment.yaml
var latticeEnv = []struct{ env, value string }{
	{"REGION", "awsRegion"},
	{"AWS_ACCOUNT_ID", "awsAccountId"},
	{"CLUSTER_VPC_ID", "clusterVpcId"},
	{"CLUSTER_NAME", "clusterName"},
	{"LATTICE_ENDPOINT", "latticeEndpoint"},
	{"DEFAULT_SERVICE_NETWORK", "defaultServiceNetwork"},
	{"ENABLE_SERVICE_NETWORK_OVERRIDE", "enableServiceNetworkOverride"},
	{"WEBHOOK_ENABLED", "webhookEnabled"},
	{"DISABLE_TAGGING_SERVICE_API", "disableTaggingServiceApi"},
	{"ROUTE_MAX_CONCURRENT_RECONCILES", "routeMaxConcurrentReconciles"},
	{"RECONCILE_DEFAULT_RESYNC_SECONDS", "reconcileDefaultResyncSeconds"},
}

func renderLattice(r Release) []obj.Map {
	v := r.Values
	env := []any{obj.Map{"name": "LOG_LEVEL", "value": obj.Str(v, "log", "level")}}
	for _, e := range latticeEnv {
		env = append(env, obj.Map{"name": e.env, "value": text(v[e.value])})
	}
	labels := obj.Copy(selector(r))
	podLabels := obj.Copy(labels)
	for k, l := range obj.At(v, "deployment", "labels") {
		podLabels[k] = text(l)
	}
	account, list := serviceAccount(r, obj.At(v, "serviceAccount"), "gateway-api-controller")
	if obj.Bool(v, "pdb", "enabled") {
		list = append(list, disruptionBudget(fullname(r), r.Namespace, selector(r), obj.At(v, "pdb")))
	}
	secret := obj.Str(v, "webhookTLS", "certManager", "certificateSecretName")
	return append(list,
		obj.Map{"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
			"metadata": obj.Map{"name": secret, "namespace": r.Namespace}, "data": obj.Map{"ca.crt": "", "tls.crt": "", "tls.key": ""}},
		obj.Map{"apiVersion": "v1", "kind": "Service",
			"metadata": obj.Map{"name": "webhook-service", "namespace": r.Namespace},
			"spec": obj.Map{"ports": []any{obj.Map{"port": int64(443), "targetPort": "webhook-server"}},
				"selector": obj.Map{"control-plane": "gateway-api-controller"}}},
		obj.Map{"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": obj.Map{"name": fullname(r), "namespace": r.Namespace, "labels": labels},
			"spec": obj.Map{
				"replicas": v["deployment"].(obj.Map)["replicas"],
				"selector": obj.Map{"matchLabels": selector(r)},
				"template": obj.Map{
					"metadata": obj.Map{"labels": podLabels, "annotations": obj.At(v, "deployment", "annotations")},
					"spec": obj.Map{
						"serviceAccountName":            account,
						"terminationGracePeriodSeconds": int64(10),
						"nodeSelector":                  obj.At(v, "deployment", "nodeSelector"),
						"tolerations":                   obj.At(v, "deployment")["tolerations"],
						"affinity":                      obj.At(v, "deployment", "affinity"),
						"topologySpreadConstraints":     obj.At(v, "deployment")["topologySpreadConstraints"],
						"volumes": []any{obj.Map{"name": "webhook-cert",
							"secret": obj.Map{"secretName": secret, "defaultMode": int64(420)}}},
						"containers": []any{obj.Map{
							"name": "manager", "image": obj.Str(v, "image", "repository") + ":" + obj.Str(v, "image", "tag"),
							"command": []any{"/manager"}, "args": []any{"--leader-elect"}, "env": env,
							"resources": obj.At(v, "resources"),
							"ports": []any{obj.Map{"name": "http", "containerPort": obj.At(v, "deployment")["containerPort"]},
								obj.Map{"name": "webhook-server", "containerPort": int64(9443)}},
							"volumeMounts": []any{obj.Map{"name": "webhook-cert", "mountPath": "/etc/webhook-cert", "readOnly": true}},
						}},
					},
				},
			}},
		// The webhook only looks at namespaces with its own label, which is why
		// it does no harm if it stays.
		obj.Map{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
			"metadata": obj.Map{"name": "aws-appnet-gwc-mutating-webhook"},
			"webhooks": []any{obj.Map{
				"name": "mpod.gwc.k8s.aws", "admissionReviewVersions": []any{"v1"}, "sideEffects": "None", "failurePolicy": "Fail",
				"clientConfig": obj.Map{"service": obj.Map{"name": "webhook-service", "namespace": r.Namespace, "path": "/mutate-pod"}},
				"rules": []any{obj.Map{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"},
					"resources": []any{"pods"}}},
				"namespaceSelector": obj.Map{"matchExpressions": []any{obj.Map{
					"key": "application-networking.k8s.aws/pod-readiness-gate-inject", "operator": "In", "values": []any{"enabled"}}}},
			}}},
	)
}
