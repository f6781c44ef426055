package kyverno

import (
	"testing"

	"eks-lattice/internal/sidecar"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func annotation(value string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Annotations = map[string]string{sidecar.Annotation: value} }
}

func in(namespace string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Namespace = namespace }
}

// Each of these must be stopped twice: the API server does not even call
// Kyverno, which is what keeps a Kyverno that is down out of the way, and
// Kyverno, were it called, changes nothing.
func TestNoInjection(t *testing.T) {
	t.Parallel()
	template := corev1.PodTemplateSpec{ObjectMeta: annotated().ObjectMeta, Spec: annotated().Spec}
	deployment := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "apps", Annotations: template.Annotations},
		Spec:       appsv1.DeploymentSpec{Template: template},
	}
	replicaSet := &appsv1.ReplicaSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"},
		ObjectMeta: deployment.ObjectMeta,
		Spec:       appsv1.ReplicaSetSpec{Template: template},
	}
	binding := &corev1.Binding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Binding"},
		ObjectMeta: annotated().ObjectMeta,
	}

	c := newCluster(t, policy(t, usual))
	for _, tc := range []struct {
		name    string
		request request
	}{
		{"no annotations at all", create(annotated(func(p *corev1.Pod) { p.Annotations = nil }))},
		{"other annotations only", create(annotated(func(p *corev1.Pod) { p.Annotations = map[string]string{"a": "true"} }))},
		{"annotation false", create(annotated(annotation("false")))},
		{"annotation empty", create(annotated(annotation("")))},
		{"annotation True", create(annotated(annotation("True")))},
		{"a label instead of the annotation", create(annotated(func(p *corev1.Pod) { p.Labels, p.Annotations = p.Annotations, nil }))},
		{"a namespace without the label", create(annotated(in("plain")))},
		{"a namespace with another value of the label", create(annotated(in("disabled")))},
		{"the node's network", create(annotated(func(p *corev1.Pod) { p.Spec.HostNetwork = true }))},
		{"update of a pod", request{admissionv1.Update, "pods", annotated(annotation("true")), annotated(annotation("false"))}},
		{"deletion of a pod", request{admissionv1.Delete, "pods", nil, annotated()}},
		{"status of a pod", request{admissionv1.Update, "pods/status", annotated(), annotated()}},
		{"ephemeral containers of a pod", request{admissionv1.Update, "pods/ephemeralcontainers", annotated(), annotated()}},
		{"binding of a pod to a node", request{admissionv1.Create, "pods/binding", binding, nil}},
		{"creation of a Deployment", request{admissionv1.Create, "deployments", deployment, nil}},
		{"update of a Deployment", request{admissionv1.Update, "deployments", deployment, deployment}},
		{"creation of a ReplicaSet", request{admissionv1.Create, "replicasets", replicaSet, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.t = t
			if c.calls(tc.request) {
				t.Error("the API server calls Kyverno")
			}
			if response := c.asks(tc.request); !response.Allowed || len(response.Patch) > 0 {
				t.Errorf("Kyverno answers allowed %t, patch %s", response.Allowed, response.Patch)
			}
		})
	}
}
