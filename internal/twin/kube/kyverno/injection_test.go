package kyverno_test

import (
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/kubetest"
	"eks-lattice/internal/twin/kube/kyverno"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

func injected(pod obj.Map) bool {
	return obj.HasNamed(obj.Maps(pod, "spec", "initContainers"), "envoy")
}

// policyWaiting applies the injection policy, waiting for something of its own.
func policyWaiting(h *kubetest.Harness, wait string) {
	h.T.Helper()
	h.Apply("eks-one", "policy", strings.Replace(kubetest.InjectionPolicy, webhookConfigured, wait, 1))
}

const webhookConfigured = `jsonpath={.status.conditionStatus.conditions[?(@.type=="WebhookConfigured")].status}=True`

// sidecars are the images of the sidecars of all pods of the namespace apps.
func sidecars(h *kubetest.Harness) (images []string) {
	for _, pod := range h.Pods("eks-one", "apps") {
		images = append(images, obj.Str(obj.Named(obj.Maps(pod, "spec", "initContainers"), "envoy"), "image"))
	}
	return slices.Compact(images)
}

// changePolicy replaces a text in the policy's mutation.
func changePolicy(h *kubetest.Harness, before, after string) {
	h.T.Helper()
	policy := h.Inputs("policy")
	mutation := obj.Maps(policy, "spec", "mutations")[0]
	obj.Set(mutation, strings.ReplaceAll(obj.Str(mutation, "jsonPatch", "expression"), before, after), "jsonPatch", "expression")
	h.Update("policy", policy)
}

// restart gives a Deployment new pods.
func restart(h *kubetest.Harness, name, checksum string) {
	h.T.Helper()
	app := h.Inputs(name)
	obj.Set(app, checksum, "spec", "template", "metadata", "annotations", "checksum")
	h.Update(name, app)
}

func TestInjection(t *testing.T) {
	t.Parallel()
	h := newInjected(t)
	h.Apply("eks-one", "plain", kubetest.Namespace("plain"))
	kubetest.Associate(h, "eks-one", "apps", "default", "client")
	h.Apply("eks-one", "early", kubetest.Deployment("early", "apps"))
	h.Apply("eks-one", "policy", kubetest.InjectionPolicy)
	restart(h, "early", "2")
	h.Apply("eks-one", "outside", kubetest.Deployment("outside", "plain"))
	h.Apply("eks-one", "unasked", strings.Replace(kubetest.Deployment("unasked", "apps"), "agent-inject", "other", 1))
	for _, pod := range append(h.Pods("eks-one", "apps"), h.Pods("eks-one", "plain")...) {
		name := obj.Str(pod, "metadata", "name")
		if injected(pod) != strings.HasPrefix(name, "early-") {
			t.Errorf("%s: sidecar %v", name, injected(pod))
		}
		if strings.HasPrefix(name, "early-") { // Pod Identity's webhook comes after Kyverno's and sees the sidecar
			for _, c := range obj.Maps(pod, "spec", "initContainers") {
				if !obj.HasNamed(obj.Maps(c, "env"), "AWS_CONTAINER_CREDENTIALS_FULL_URI") ||
					!obj.HasNamed(obj.Maps(c, "volumeMounts"), podidentity.TokenVolume) {
					t.Errorf("%s: container %s has no credentials", name, obj.Str(c, "name"))
				}
			}
		}
	}
	if !h.Depends("early", "policy", world.Update) || !h.Depends("early", "eks-one.identity-apps-default", world.Create) {
		t.Error("what the pods depends on is not recorded")
	}
}

// Without spec.autogen a policy for pods changes the stored workloads too.
func TestAutogen(t *testing.T) {
	t.Parallel()
	h := kubetest.NewKyverno(t, nil)
	h.Apply("eks-one", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
	matching, _, _ := strings.Cut(kubetest.InjectionPolicy, "  mutations:")
	manifest := matching + `  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: 'Object{spec: Object.spec{containers: [Object.spec.containers{name: "demo", workingDir: "/tmp"}]}}'}
`
	stored := func() string {
		return obj.Str(obj.Maps(h.Object("eks-one", "apps", "Deployment", "apps", "demo"), "spec", "template", "spec", "containers")[0],
			"workingDir")
	}
	h.Apply("eks-one", "policy", manifest)
	h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
	if stored() != "" || obj.Str(obj.Maps(h.Pods("eks-one", "apps")[0], "spec", "containers")[0], "workingDir") != "/tmp" {
		t.Error("the policy for pods did not change the pods alone")
	}
	h.Down("app", "policy")
	h.Apply("eks-one", "policy", strings.Replace(manifest, "  autogen: {podControllers: {controllers: []}}\n", "", 1))
	h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
	if stored() != "/tmp" {
		t.Error("the expanded policy did not change the stored Deployment")
	}
}

// A policy counts as ready before its webhook is there.
func TestPolicyBeforeItsWebhook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, wait string
		injected   bool
	}{
		{"ready", "jsonpath={.status.conditionStatus.ready}=true", false},
		{"webhook", webhookConfigured, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := kubetest.NewKyverno(t, nil)
			h.Apply("eks-one", "apps", kubetest.Namespace("apps", kubetest.AppLabels...))
			kubetest.ProxyConfig(h, "eks-one", "")
			policyWaiting(h, c.wait)
			h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
			for _, pod := range h.Pods("eks-one", "apps") {
				if injected(pod) != c.injected {
					t.Errorf("the pod has the sidecar: %v", injected(pod))
				}
			}
		})
	}
}

// Pods that come some time after the change of their policy get the new sidecar.
func TestChangedPolicyLater(t *testing.T) {
	t.Parallel()
	h := newInjected(t)
	h.Apply("eks-one", "policy", kubetest.InjectionPolicy)
	h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
	const after = "registry.test/envoy:2"
	changePolicy(h, sidecars(h)[0], after)
	h.World.Look(func() { h.World.Pass(kyverno.CompileDelay) })
	restart(h, "app", "2")
	if got := sidecars(h); !slices.Equal(got, []string{after}) {
		t.Errorf("pods some time after the change have %v, want %s", got, after)
	}
	if after := h.After("app", "policy", world.Update, kyverno.LawPolicyChanges); after != -1 {
		t.Errorf("the pods need the policy %g s before", after)
	}
}

// Who waited for the webhook of a policy does not depend on time.
func TestPolicyThatSomebodyWaitedFor(t *testing.T) {
	t.Parallel()
	h := newInjected(t)
	h.Apply("eks-one", "policy", kubetest.InjectionPolicy)
	h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
	if after := h.After("app", "policy", world.Create, kyverno.LawPolicyReady); after != -1 {
		t.Errorf("the pods need the policy %g s before", after)
	}
}

// The blueprint's policy mutates the stored Deployment.
func TestClusterPolicy(t *testing.T) {
	t.Parallel()
	h := kubetest.NewKyverno(t, nil)
	h.Apply("eks-one", "apps", kubetest.Namespace("apps"))
	h.Apply("eks-one", "policy", `
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
                command:
                - /bin/sh
                - -c
                - >-
                  iptables -t nat -N EGRESS_PROXY;
                  iptables -t nat -A OUTPUT -p tcp -d 169.254.171.0/24 -j EGRESS_PROXY;
                  iptables -t nat -A EGRESS_PROXY -m owner --gid-owner 0 -j RETURN;
                  iptables -t nat -A EGRESS_PROXY -p tcp -j REDIRECT --to-ports 8080;
              containers:
              - name: envoy-sigv4
                image: public.ecr.aws/seb-demo/envoy-sigv4:v0.5
                args: [-l, info]
                env: [{name: CA_ARN, value: "arn:aws:acm-pca:ap-northeast-2:123456789012:certificate-authority/1"}]
`)
	h.Apply("eks-one", "app", kubetest.Deployment("demo", "apps"))
	h.Apply("eks-one", "other", strings.Replace(kubetest.Deployment("other", "apps"), "agent-inject", "none", 1))
	stored := h.Object("eks-one", "apps", "Deployment", "apps", "demo")
	containers := obj.Maps(stored, "spec", "template", "spec", "containers")
	if len(containers) != 2 || obj.Str(containers[0], "name") != "envoy-sigv4" {
		t.Errorf("the sidecar is not the first of the stored containers: %v", containers)
	}
	if n := len(obj.Maps(h.Object("eks-one", "apps", "Deployment", "apps", "other"), "spec", "template", "spec", "containers")); n != 1 {
		t.Errorf("a Deployment without the annotation has %d containers", n)
	}
}
