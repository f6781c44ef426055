package kyverno

import (
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// request is what a client asks of the API server.
type request struct {
	operation   admissionv1.Operation
	resource    string // of its kind's group and version, as "pods" or "pods/exec"
	object, old runtime.Object
}

func create(pod *corev1.Pod) request {
	return request{operation: admissionv1.Create, resource: "pods", object: pod}
}

var replicaSetController = authenticationv1.UserInfo{
	Username: "system:serviceaccount:kube-system:replicaset-controller",
	Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"},
}
