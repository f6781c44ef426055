package kube_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/kube/workloads"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: apps}\ndata: {a: b}\n"

func TestObjectsAreChecked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	_, err := l.tryApply("one", "early", config)
	l.broke(err, api.LawNamespaceExists, `was not successfully created by the Kubernetes API server: namespaces "apps" not found`)
	_, err = l.tryApply("one", "early-gateway", gatewayManifest)
	l.broke(err, api.LawKindExists, "failed because the Kubernetes API server reported that the apiVersion for this resource does not exist", `no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"`)
	l.crds("one")
	l.apply("one", "apps", namespace("apps"))
	l.apply("one", "ns-gateway", namespace("lattice-gateway"))
	gateway := strings.NewReplacer("CERTIFICATE", "arn:aws:acm:ap-northeast-2:123456789012:certificate/1", "pulumi.com/waitFor: condition=Programmed", "a: b").Replace(gatewayManifest)
	app := strings.Replace(deployment("demo", "apps"), "replicas: 2", "replicas: 0", 1)
	for _, c := range []struct{ name, broken, good, word string }{
		{"unknown field", strings.Replace(app, "replicas: 0", "replicas: 0, replica: 1", 1), app, ".spec.replica: field not declared in schema"},
		{"wrong type", strings.Replace(app, "replicas: 0", "replicas: many", 1), app, "expected numeric"},
		{"no selector", strings.Replace(app, "selector: {matchLabels: {app: demo}}", "", 1), app, "spec.selector: Required value"},
		{"selector without its labels", strings.Replace(app, "labels: {app: demo}", "labels: {app: other}", 1), app, "`selector` does not match template `labels`"},
		{"bad name", strings.Replace(app, "name: demo,", "name: Demo,", 1), app, "a lowercase RFC 1123 subdomain must consist of"},
		{"request above the limit", strings.Replace(app, "ports: [", "resources: {requests: {memory: 1Gi}, limits: {memory: 512Mi}}\n        ports: [", 1), app,
			`spec.template.spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi`},
		{"request of CPU above the limit", strings.Replace(app, "ports: [", "resources: {requests: {cpu: 1}, limits: {cpu: 250m}}\n        ports: [", 1), app, "must be less than or equal to cpu limit of 250m"},
		{"longer sleep than grace", strings.Replace(app, "ports: [", "lifecycle: {preStop: {sleep: {seconds: 75}}}\n        ports: [", 1), app,
			"preStop.sleep: Invalid value: 75: must be non-negative and less than terminationGracePeriodSeconds (30)"},
		{"pull policy", strings.Replace(app, "ports: [", "imagePullPolicy: Sometimes\n        ports: [", 1), app,
			`imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`},
		{"Service without ports", strings.Replace(service("demo", "apps"), ", ports: [{port: 80, targetPort: 8090, protocol: TCP}]", "", 1), "", "spec.ports: Required value"},
		{"port out of range", strings.Replace(service("demo", "apps"), "port: 80,", "port: 80000,", 1), "", "must be between 1 and 65535"},
		{"two TLS listeners on one port", strings.Replace(gateway, `hostname: "*.example.com"`, "", 1), gateway, "Combination of port, protocol and hostname must be unique for each listener"},
		{"unknown field of a CRD", strings.Replace(gateway, "gatewayClassName:", "className: x\n  gatewayClassName:", 1), gateway, ".spec.className: field not declared in schema"},
		{"route without a backend name", strings.Replace(route("demo", "apps"), "name: demo-v1, kind", "kind", 1), "", "name"},
		{"CRD of a protected group", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.x.k8s.io}\nspec: {group: x.k8s.io, scope: Cluster, names: {plural: as, kind: A}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}", "", "protected groups must have approval annotation"},
	} {
		c.broken = strings.Replace(c.broken, "replicas: 0, replica: 1", "replicas: 0\n  replica: 1", 1)
		_, err := l.tryApply("one", c.name, c.broken)
		if err == nil {
			t.Fatalf("%s: no error", c.name)
		}
		l.broke(err, api.LawValid, c.word)
		if c.good != "" {
			l.apply("one", c.name+", corrected", c.good)
			l.down(c.name + ", corrected")
		}
	}
	l.apply("one", "bad name, corrected", app)
	news := obj.Clone(l.made["bad name, corrected"].in)
	obj.Set(news, "other", "spec", "selector", "matchLabels", "app")
	m := l.made["bad name, corrected"]
	diff, err := m.backend.Diff(m.inst, m.urn, m.in, m.out, news)
	if err != nil || len(diff.Replace) != 1 || !diff.DeleteBeforeReplace {
		t.Errorf("a changed selector does not replace: %+v %v", diff, err)
	}
}

func TestFieldOwners(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	l.apply("one", "apps", namespace("apps"))
	l.apply("one", "mine", config)
	_, err := l.tryApply("one", "theirs", strings.Replace(config, "a: b", "a: c", 1))
	l.broke(err, api.LawFieldOwner, "Apply failed with 1 conflict: conflict with \"pulumi-kubernetes-", "using v1: .data.a")
	l.apply("one", "beside", strings.Replace(config, "a: b", "other: c", 1))
	data := obj.StringMap(l.object("one", "", "ConfigMap", "apps", "settings"), "data")
	if data["a"] != "b" || data["other"] != "c" {
		t.Errorf("two managers of one object made %v", data)
	}
	l.apply("one", "forced", strings.Replace(strings.Replace(config, "a: b", "a: c", 1), "namespace: apps", `namespace: apps, annotations: {pulumi.com/patchForce: "true"}`, 1))
}

func TestFinalizers(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one", "nodes")
	l.apply("one", "apps", namespace("apps"))
	l.apply("one", "held", strings.Replace(config, "namespace: apps", "namespace: apps, finalizers: [example.com/hold]", 1))
	l.broke(l.remove("held"), controller.LawFinalizers, "timed out waiting for the condition", "finalizers might be preventing deletion (example.com/hold)")
	l.broke(l.remove("apps"), controller.LawNamespaceEmpties, `Namespace "apps" is still Terminating`, "example.com/hold in 1 resource instances")
	_, err := l.tryApply("one", "late", strings.Replace(config, "settings", "late", 1))
	l.broke(err, api.LawNamespaceExists, "unable to create new content in namespace apps because it is being terminated")
	l.world.Look(func() {
		c := l.clusters.ByName("one")
		if err := c.API.Write(c.API.Get("", "ConfigMap", "apps", "settings"), "person", func(content obj.Map) { obj.Delete(content, "metadata", "finalizers") }); err != nil {
			t.Fatal(err)
		}
	})
	l.down("held", "apps")
	l.apply("one", "again", namespace("apps"))
	l.down("again")
}

func TestAwaiting(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one")
	l.apply("one", "apps", namespace("apps"))
	withVolume := "volumes: [{name: settings, configMap: {name: settings}}]"
	for _, c := range []struct {
		name, broken, fix, good string
		law                     law.Law
		words                   []string
	}{
		{"mount", deployment("mounts", "apps", withVolume), config, deployment("mounts", "apps", withVolume), kubelet.LawMounts,
			[]string{"'mounts' timed out waiting to be Ready", `MountVolume.SetUp failed for volume "settings" : configmap "settings" not found`}},
		{"service account", deployment("account", "apps", "serviceAccountName: caller"), "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: caller, namespace: apps}\n",
			deployment("account", "apps", "serviceAccountName: caller"), workloads.LawServiceAccount, []string{"FailedCreate", "error looking up service account apps/caller"}},
		{"service without pods", service("plain", "apps"), deployment("plain", "apps"), service("plain", "apps"), workloads.LawAvailable,
			[]string{"Service does not target any Pods"}},
		{"condition", strings.Replace(config, "namespace: apps", "namespace: apps, annotations: {pulumi.com/waitFor: condition=Ready}", 1), "",
			strings.Replace(config, "namespace: apps", `namespace: apps, annotations: {pulumi.com/waitFor: '["jsonpath={.data.a}=b", "jsonpath={.metadata.uid}"]'}`, 1), provider.LawWaitFor, []string{"Waiting for condition=Ready"}},
		{"malformed path", strings.Replace(config, "namespace: apps", `namespace: apps, annotations: {pulumi.com/waitFor: "jsonpath=.data.a"}`, 1), "",
			strings.Replace(config, "namespace: apps", `namespace: apps, annotations: {pulumi.com/waitFor: "jsonpath={.data['a']}"}`, 1), provider.LawWaitFor, []string{"should be wrapped in brackets"}},
		{"skipped", "", "", strings.Replace(service("nobody", "apps"), "namespace: apps", `namespace: apps, annotations: {pulumi.com/skipAwait: "true"}`, 1), law.Law{}, nil},
	} {
		if c.broken != "" {
			_, err := l.tryApply("one", c.name, c.broken)
			if err == nil {
				t.Fatalf("%s: no error", c.name)
			}
			l.broke(err, c.law, c.words...)
			l.down(c.name)
		}
		if c.fix != "" {
			l.apply("one", c.name+", fixed", c.fix)
		}
		l.apply("one", c.name+", corrected", c.good)
		l.down(c.name + ", corrected")
	}
	if !l.depends("mount, corrected", "mount, fixed", world.Create) || !l.depends("mount, corrected", part("one", "nodes"), world.Create) {
		t.Error("what the pods relied on is not recorded")
	}
}

func TestPodsNeedACluster(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		without []string
		spoil   func(l *lab)
		fix     func(l *lab)
		law     law.Law
		words   []string
	}{
		{"nodes", []string{"nodes"}, nil, func(l *lab) { l.nodes("one") }, workloads.LawNodes, []string{"no nodes available to schedule pods"}},
		{"network", nil, func(l *lab) { l.down("one.private-out") }, func(l *lab) {
			l.aws("aws:ec2/route:Route", "new-route", engine.Props{"routeTableId": l.id("one.private"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": l.id("one.nat")})
		}, kubelet.LawImages, []string{"ImagePullBackOff", "Back-off pulling image"}},
		{"addresses", nil, func(l *lab) { l.down("one.vpc-cni") }, func(l *lab) { l.addon("one", "vpc-cni") }, kubelet.LawCNI, []string{"failed to assign an IP address to container"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.cluster("one", c.without...)
			l.apply("one", "apps", namespace("apps"))
			if c.spoil != nil {
				c.spoil(l)
			}
			_, err := l.tryApply("one", "app", deployment("demo", "apps"))
			l.broke(err, c.law, c.words...)
			l.down("app")
			c.fix(l)
			l.apply("one", "app", deployment("demo", "apps"))
		})
	}
}

// Pods go with their nodes, and come back with new ones.
func TestPodsGoWithNodes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one")
	l.apply("one", "apps", namespace("apps"))
	l.apply("one", "app", deployment("demo", "apps"))
	ready := func() int64 {
		return obj.Int(l.object("one", "apps", "Deployment", "apps", "demo"), "status", "readyReplicas")
	}
	if ready() != 2 {
		t.Fatalf("%d pods are ready", ready())
	}
	l.down("one.coredns", "one.nodes")
	if ready() != 0 {
		t.Errorf("%d pods outlive their nodes", ready())
	}
	l.nodes("one")
	if ready() != 2 {
		t.Errorf("%d pods came back", ready())
	}
}

func TestNonRoot(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster("one")
	l.apply("one", "apps", namespace("apps"))
	app := func(pod, container string) string {
		return strings.Replace(deployment("demo", "apps", "securityContext: {"+pod+"}"), "ports: [", "securityContext: {"+container+"}\n        ports: [", 1)
	}
	for name, c := range map[string][2]string{
		"pod":       {"runAsNonRoot: true, runAsUser: 0", ""},
		"container": {"runAsNonRoot: false, runAsUser: 0", "runAsNonRoot: true"},
		"both":      {"runAsNonRoot: true, runAsUser: 1000", "runAsUser: 0"},
	} {
		_, err := l.tryApply("one", name, app(c[0], c[1]))
		l.broke(err, kubelet.LawNonRoot, "0/2 Pods available", `CreateContainerConfigError: container's runAsUser breaks non-root policy (pod: "demo-`, "container: demo)")
		l.down(name)
	}
	l.apply("one", "overridden", app("runAsNonRoot: true, runAsUser: 1000", "runAsNonRoot: false, runAsUser: 0"))
}
