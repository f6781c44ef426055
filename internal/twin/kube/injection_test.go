package kube_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/admission"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

func (l *lab) pods(cluster, namespace string) (out []obj.Map) {
	l.world.Look(func() {
		for _, p := range l.clusters.ByName(cluster).API.List("", "Pod", namespace) {
			out = append(out, obj.Copy(p.Content))
		}
	})
	return out
}

func injected(pod obj.Map) bool {
	return obj.HasNamed(obj.Maps(pod, "spec", "initContainers"), "envoy")
}

// kyvernoLab has a cluster with Kyverno, by a release with these inputs besides
// the usual ones.
func kyvernoLab(t *testing.T, more engine.Props) *lab {
	t.Helper()
	l := clusterLab(t, "eks-one")
	l.apply("eks-one", "ns-kyverno", namespace("kyverno"))
	l.release("eks-one", "kyverno", kyvernoChart(more))
	return l
}

func TestInjection(t *testing.T) {
	t.Parallel()
	l := kyvernoLab(t, nil)
	l.apply("eks-one", "apps", namespace("apps", appLabels...))
	l.apply("eks-one", "plain", namespace("plain"))
	l.config("eks-one", "")
	l.identity("eks-one", "apps", "default", "client")
	early := deployment("early", "apps")
	l.apply("eks-one", "early", early)
	_, err := l.tryApply("eks-one", "broken", strings.Replace(injectionManifest, "object.metadata.?annotations", "object.metadata.?annotations[nobody", 1))
	l.broke(err, kyverno.LawPolicyCompiles, `admission webhook "validate-policy.kyverno.svc" denied the request: spec.matchConditions[0].expression: Invalid value`)
	l.apply("eks-one", "policy", injectionManifest)
	for _, pod := range l.pods("eks-one", "apps") {
		if injected(pod) {
			t.Errorf("%s was made before the policy and has the sidecar", obj.Str(pod, "metadata", "name"))
		}
	}
	shows(kyverno.LawInjectAtCreation)
	news := obj.Clone(l.made["early"].in)
	obj.Set(news, "2", "spec", "template", "metadata", "annotations", "checksum")
	if err := l.update("early", news); err != nil {
		t.Fatal(err)
	}
	l.apply("eks-one", "outside", deployment("outside", "plain"))
	l.apply("eks-one", "unasked", strings.Replace(deployment("unasked", "apps"), "agent-inject", "other", 1))
	for _, pod := range append(l.pods("eks-one", "apps"), l.pods("eks-one", "plain")...) {
		name := obj.Str(pod, "metadata", "name")
		if injected(pod) != strings.HasPrefix(name, "early-") {
			t.Errorf("%s: sidecar %v", name, injected(pod))
		}
		if strings.HasPrefix(name, "early-") { // Pod Identity's webhook comes after Kyverno's and sees the sidecar
			for _, c := range obj.Maps(pod, "spec", "initContainers") {
				if !obj.HasNamed(obj.Maps(c, "env"), "AWS_CONTAINER_CREDENTIALS_FULL_URI") || !obj.HasNamed(obj.Maps(c, "volumeMounts"), podidentity.TokenVolume) {
					t.Errorf("%s: container %s has no credentials", name, obj.Str(c, "name"))
				}
			}
		}
	}
	if !l.depends("early", "policy", world.Update) || !l.depends("early", "eks-one.identity-apps-default", world.Create) {
		t.Error("what the pods relied on is not recorded")
	}
}

// Without spec.autogen a policy for pods changes the stored workloads too.
func TestAutogen(t *testing.T) {
	t.Parallel()
	l := kyvernoLab(t, nil)
	l.apply("eks-one", "apps", namespace("apps", appLabels...))
	matching, _, _ := strings.Cut(injectionManifest, "  mutations:")
	manifest := matching + `  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: 'Object{spec: Object.spec{containers: [Object.spec.containers{name: "demo", workingDir: "/tmp"}]}}'}
`
	stored := func() string {
		return obj.Str(obj.Maps(l.object("eks-one", "apps", "Deployment", "apps", "demo"), "spec", "template", "spec", "containers")[0], "workingDir")
	}
	l.apply("eks-one", "policy", manifest)
	l.apply("eks-one", "app", deployment("demo", "apps"))
	if stored() != "" || obj.Str(obj.Maps(l.pods("eks-one", "apps")[0], "spec", "containers")[0], "workingDir") != "/tmp" {
		t.Error("the policy for pods did not change the pods alone")
	}
	l.down("app", "policy")
	l.apply("eks-one", "policy", strings.Replace(manifest, "  autogen: {podControllers: {controllers: []}}\n", "", 1))
	l.apply("eks-one", "app", deployment("demo", "apps"))
	if stored() != "/tmp" {
		t.Error("the expanded policy did not change the stored Deployment")
	}
}

// policyWaiting applies the injection policy, waiting for something of its own.
func (l *lab) policyWaiting(wait string) {
	l.t.Helper()
	const its = `jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`
	l.apply("eks-one", "policy", strings.Replace(injectionManifest, its, wait, 1))
}

// A policy counts as ready before its webhook is there.
func TestPolicyBeforeItsWebhook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, wait string
		injected   bool
	}{
		{"ready", "jsonpath={.status.conditionStatus.ready}=true", false},
		{"webhook", `jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := kyvernoLab(t, nil)
			l.apply("eks-one", "apps", namespace("apps", appLabels...))
			l.config("eks-one", "")
			l.policyWaiting(c.wait)
			l.apply("eks-one", "app", deployment("demo", "apps"))
			for _, pod := range l.pods("eks-one", "apps") {
				if injected(pod) != c.injected {
					t.Errorf("the pod has the sidecar: %v", injected(pod))
				}
			}
			shows(kyverno.LawPolicyReady)
		})
	}
}

// Pods that follow a change of their policy at once get the former sidecar.
// Nothing could have been waited for: the policy was ready before and still is.
func TestPolicyChangesUnderItsName(t *testing.T) {
	t.Parallel()
	l := kyvernoLab(t, nil)
	l.apply("eks-one", "apps", namespace("apps", appLabels...))
	l.config("eks-one", "")
	l.apply("eks-one", "policy", injectionManifest)
	l.apply("eks-one", "app", deployment("demo", "apps"))
	images := func() (images []string) {
		for _, pod := range l.pods("eks-one", "apps") {
			images = append(images, obj.Str(obj.Named(obj.Maps(pod["spec"].(obj.Map), "initContainers"), "envoy"), "image"))
		}
		return slices.Compact(images)
	}
	before := images()[0]
	change := func(checksum, image string) {
		t.Helper()
		policy := obj.Clone(l.made["policy"].in)
		expression := obj.Str(obj.Maps(policy, "spec", "mutations")[0], "jsonPatch", "expression")
		obj.Set(obj.Maps(policy, "spec", "mutations")[0], strings.ReplaceAll(expression, before, image), "jsonPatch", "expression")
		app := obj.Clone(l.made["app"].in)
		obj.Set(app, checksum, "spec", "template", "metadata", "annotations", "checksum")
		if err := errors.Join(l.update("policy", policy), l.update("app", app)); err != nil {
			t.Fatal(err)
		}
	}
	const after = "registry.test/envoy:2"
	change("2", after)
	if got := images(); !slices.Equal(got, []string{before}) {
		t.Errorf("pods right after the change have %v, want %s", got, before)
	}
	shows(kyverno.LawPolicyChanges)
	l.world.Look(func() { l.world.Pass(kyverno.CompileDelay) })
	app := obj.Clone(l.made["app"].in)
	obj.Set(app, "3", "spec", "template", "metadata", "annotations", "checksum")
	if err := l.update("app", app); err != nil {
		t.Fatal(err)
	}
	if got := images(); !slices.Equal(got, []string{after}) {
		t.Errorf("pods some time after the change have %v, want %s", got, after)
	}
}

// A policy that the engine cannot evaluate for a pod keeps the pod out.
func TestInjectionFails(t *testing.T) {
	t.Parallel()
	l := kyvernoLab(t, nil)
	l.apply("eks-one", "apps", namespace("apps", appLabels...))
	l.apply("eks-one", "policy", strings.Replace(injectionManifest, `path: "/spec/volumes/-"`, `path: "/spec/nothing/there/-"`, 1))
	_, err := l.tryApply("eks-one", "app", deployment("demo", "apps"))
	l.broke(err, kyverno.LawEvaluation, `admission webhook "mpol.validate.kyverno.svc-fail-finegrained-inject" denied the request: Resource: apps/demo-`, "Errors: [Policy inject: failed to evaluate policy: ")
}

// Kyverno that goes without its hooks leaves webhooks that nobody answers.
func TestLeftoverWebhooks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		without bool
	}{{"with hooks", false}, {"without hooks", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := kyvernoLab(t, engine.Props{"disableWebhooks": c.without})
			l.apply("eks-one", "apps", namespace("apps", appLabels...))
			l.apply("eks-one", "plain", namespace("plain"))
			l.apply("eks-one", "policy", injectionManifest)
			l.down("kyverno")
			l.apply("eks-one", "outside", deployment("outside", "plain"))
			l.apply("eks-one", "unasked", strings.Replace(deployment("unasked", "apps"), "agent-inject", "other", 1))
			_, err := l.tryApply("eks-one", "app", deployment("demo", "apps"))
			if !c.without {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			l.broke(err, admission.LawDeadWebhooks, "Internal error occurred: failed calling webhook \"mpol.validate.kyverno.svc-fail-finegrained-inject\": failed to call webhook: Post \"https://kyverno-svc.kyverno.svc:443", `service "kyverno-svc" not found`)
		})
	}
}

// The blueprint's policy mutates the stored Deployment.
func TestClusterPolicy(t *testing.T) {
	t.Parallel()
	l := kyvernoLab(t, nil)
	l.apply("eks-one", "apps", namespace("apps"))
	l.apply("eks-one", "policy", `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: inject-sidecar, annotations: {pulumi.com/waitFor: condition=Ready}}
spec:
  rules:
  - name: inject-sidecar
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
                command: [/bin/sh, -c, "iptables -t nat -N EGRESS_PROXY; iptables -t nat -A OUTPUT -p tcp -d 169.254.171.0/24 -j EGRESS_PROXY; iptables -t nat -A EGRESS_PROXY -m owner --gid-owner 0 -j RETURN; iptables -t nat -A EGRESS_PROXY -p tcp -j REDIRECT --to-ports 8080;"]
              containers:
              - {name: envoy-sigv4, image: "public.ecr.aws/seb-demo/envoy-sigv4:v0.5", args: [-l, info], env: [{name: CA_ARN, value: "arn:aws:acm-pca:ap-northeast-2:123456789012:certificate-authority/1"}]}
`)
	l.apply("eks-one", "app", deployment("demo", "apps"))
	l.apply("eks-one", "other", strings.Replace(deployment("other", "apps"), "agent-inject", "none", 1))
	stored := l.object("eks-one", "apps", "Deployment", "apps", "demo")
	containers := obj.Maps(stored, "spec", "template", "spec", "containers")
	if len(containers) != 2 || obj.Str(containers[0], "name") != "envoy-sigv4" {
		t.Errorf("the sidecar is not the first of the stored containers: %v", containers)
	}
	if n := len(obj.Maps(l.object("eks-one", "apps", "Deployment", "apps", "other"), "spec", "template", "spec", "containers")); n != 1 {
		t.Errorf("a Deployment without the annotation has %d containers", n)
	}
}
