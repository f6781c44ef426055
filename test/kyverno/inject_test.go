package kyverno

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/sidecar"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
)

// annotated returns a pod that asks for the sidecar, changed as asked.
func annotated(changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "demo", Namespace: "apps",
			Annotations: map[string]string{sidecar.Annotation: sidecar.AnnotationValue},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "demo", Image: "example.com/demo:1"}}},
	}
	for _, change := range changes {
		change(pod)
	}
	return pod
}

func withVolumes(names ...string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for _, name := range names {
			pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
				Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
			})
			for i := range pod.Spec.Containers {
				pod.Spec.Containers[i].VolumeMounts = append(pod.Spec.Containers[i].VolumeMounts,
					corev1.VolumeMount{Name: name, MountPath: "/" + name})
			}
		}
	}
}

func withInitContainers(names ...string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for _, name := range names {
			pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: name, Image: "example.com/" + name + ":1"})
		}
	}
}

// ofReplicaSet makes the pod one that a ReplicaSet creates and that has passed
// the admission of its ServiceAccount: no name yet, and a token's volume.
func ofReplicaSet(pod *corev1.Pod) {
	pod.Name, pod.GenerateName = "", "demo-6d4cf56db6-"
	pod.Labels = map[string]string{"app": "demo", "pod-template-hash": "6d4cf56db6"}
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "demo-6d4cf56db6", UID: "b2b5f3c8-1d8e-4a27-9a3c-0d3f1d2e5a11",
		Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
	}}
	pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = "default", "default"
	pod.Spec.RestartPolicy, pod.Spec.DNSPolicy = corev1.RestartPolicyAlways, corev1.DNSClusterFirst
	pod.Spec.Tolerations = []corev1.Toleration{{
		Key: "node.kubernetes.io/not-ready", Operator: corev1.TolerationOpExists,
		Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](300),
	}}
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
		Name: "kube-api-access-x7k2p",
		VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			DefaultMode: ptr.To[int32](420),
			Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
				Path: "token", ExpirationSeconds: ptr.To[int64](3607),
			}}},
		}},
	})
}

func withEverything(pod *corev1.Pod) {
	withVolumes("cache", "scratch")(pod)
	withInitContainers("migrate", "warm-up")(pod)
	pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{
		Name: "own-sidecar", Image: "example.com/own:1", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways),
	})
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "second", Image: "example.com/second:1"})
	pod.Spec.SecurityContext = &corev1.PodSecurityContext{
		RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](1000), FSGroup: ptr.To[int64](2000),
	}
	pod.Spec.TerminationGracePeriodSeconds = ptr.To[int64](90)
	pod.Annotations["example.com/odd~key"] = `quotes " and \ and é`
	pod.Finalizers = []string{"example.com/finalizer"}
}

var injected = []struct {
	name string
	pod  *corev1.Pod
}{
	{"a pod with a container and nothing else", annotated()},
	{"volumes, no init containers", annotated(withVolumes("cache"))},
	{"init containers, no volumes", annotated(withInitContainers("migrate"))},
	{"several of each, another sidecar, a security context", annotated(withEverything)},
	{"a pod of a ReplicaSet, not named yet", annotated(ofReplicaSet)},
	{"a pod of a ReplicaSet with everything", annotated(withEverything, ofReplicaSet)},
	{"hostNetwork said to be off", annotated(func(p *corev1.Pod) { p.Spec.HostNetwork = false })},
	{"an ordinary container of the proxy's kind", annotated(func(p *corev1.Pod) {
		p.Spec.Containers[0].Name = "envoy"
	})},
}

func TestInjection(t *testing.T) {
	t.Parallel()
	c := newCluster(t, policy(t, usual))
	for _, tc := range injected {
		t.Run(tc.name, func(t *testing.T) {
			c.t = t
			wantInjected(t, usual, tc.pod, c.admit(tc.pod))
		})
	}
}

func TestInjectionFromAMirror(t *testing.T) {
	t.Parallel()
	args := sidecar.Args{
		Region: "us-gov-west-1",
		Images: sidecar.Images{
			Envoy:    "mirror.example.com:5000/envoy@sha256:" + strings.Repeat("0", 64),
			Iptables: "mirror.example.com:5000/iptables:v1",
		},
		Resources: sidecar.Resources{CPURequest: "0.25", MemoryRequest: "1e8", MemoryLimit: "1Gi"},
	}
	wantInjected(t, args, annotated(), newCluster(t, policy(t, args)).admit(annotated()))
}

// wantInjected wants the pod with the containers first and the volume last, and
// with no other change.
func wantInjected(t *testing.T, args sidecar.Args, pod *corev1.Pod, raw []byte) {
	t.Helper()
	parts, err := sidecar.Pod(args)
	if err != nil {
		t.Fatal(err)
	}
	want := asMap(t, marshal(t, pod))
	spec := want["spec"].(map[string]any)
	spec["initContainers"] = slices.Concat(asList(t, parts.InitContainers), listOf(spec, "initContainers"))
	spec["volumes"] = slices.Concat(listOf(spec, "volumes"), asList(t, parts.Volumes))
	wantEqual(t, "injected pod", asMap(t, raw), want)

	got := &corev1.Pod{}
	decode(t, raw, got)
	wantSound(t, got)
}

// wantSound checks what the API server checks of every pod and what the
// injection is for.
func wantSound(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	// Types, unknown fields and names that are there twice.
	object := &unstructured.Unstructured{Object: asMap(t, marshal(t, pod))}
	if _, err := kubernetesTypes.ObjectToTyped(object); err != nil {
		t.Errorf("the pod breaks Kubernetes' schema: %v", err)
	}
	names, volumes := map[string]bool{}, map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if names[c.Name] {
			t.Errorf("two containers are named %s", c.Name)
		}
		names[c.Name] = true
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("container %s mounts volume %s, which is not there", c.Name, m.Name)
			}
		}
	}
	redirect, proxy := pod.Spec.InitContainers[0], pod.Spec.InitContainers[1]
	if redirect.Name != "iptables-init" || redirect.RestartPolicy != nil {
		t.Errorf("first is %s with restart policy %v, want iptables-init, which ends before the next starts",
			redirect.Name, redirect.RestartPolicy)
	}
	if proxy.Name != "envoy-sigv4" || ptr.Deref(proxy.RestartPolicy, "") != corev1.ContainerRestartPolicyAlways {
		t.Errorf("second is %s with restart policy %v, want the native sidecar envoy-sigv4", proxy.Name, proxy.RestartPolicy)
	}
	for _, c := range []corev1.Container{redirect, proxy} {
		if ptr.Deref(c.SecurityContext.RunAsUser, -1) < 0 || c.SecurityContext.RunAsNonRoot == nil {
			t.Errorf("container %s leaves its user to the pod's security context", c.Name)
		}
	}
}

// A webhook can be called again for a pod that it has changed, and pods are
// copied: what has been injected must come out as it went in.
func TestInjectionHappensOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, policy(t, usual))
	for _, tc := range injected {
		t.Run(tc.name, func(t *testing.T) {
			c.t = t
			pod := &corev1.Pod{}
			decode(t, c.admit(tc.pod), pod)
			if c.calls(create(pod)) {
				t.Error("the API server calls Kyverno again for an injected pod")
			}
			if response := c.asks(create(pod)); !response.Allowed || len(response.Patch) > 0 {
				t.Errorf("Kyverno, asked again, answers allowed %t, patch %s", response.Allowed, response.Patch)
			}
		})
	}
}

// A policy that Kyverno cannot carry out keeps pods out.
func TestFailingPolicyRefusesPods(t *testing.T) {
	t.Parallel()
	c := newCluster(t, policy(t, usual, func(spec map[string]any) {
		jsonPatch(spec)["expression"] = `[JSONPatch{op: "add", path: "/spec/nowhere/0", value: "x"}]`
	}))
	response := c.asks(create(annotated()))
	if response.Allowed || len(response.Patch) > 0 {
		t.Errorf("Kyverno answers allowed %t, patch %s", response.Allowed, response.Patch)
	}
}

func asMap(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func asList(t *testing.T, values []map[string]any) []any {
	t.Helper()
	var list []any
	if err := json.Unmarshal(marshal(t, values), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func listOf(object map[string]any, key string) []any {
	list, _ := object[key].([]any)
	return list
}
