package workloads

import "eks-lattice/internal/twin/law"

// The laws of workloads and their pods.
var (
	LawServiceAccount = law.New(law.Kubernetes, "pod-needs-its-service-account",
		"A pod is rejected if its service account does not exist.",
		"https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller")
	LawNodes = law.New(law.Kubernetes, "pods-need-nodes",
		"Pods stay Pending without a node, and go when their node goes.",
		"https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/")
	LawAvailable = law.New(law.Kubernetes, "workloads-become-available",
		"The provider waits for every replica of a Deployment or DaemonSet, and for all pods that a Service selects.",
		"https://www.pulumi.com/registry/packages/kubernetes/#await-logic")
	LawRoom = law.New(law.Kubernetes, "pods-need-room-on-a-node",
		"A pod stays Pending, and its workload does not become ready, while no node has the CPU and memory that the pod requests, "+
			"a free place among its pods, and the labels and neighbours that the pod asks for.",
		"https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-requests-are-scheduled")
	LawBudget = law.New(law.Kubernetes, "disruption-budgets-hold-evictions",
		"An eviction is refused when it would leave fewer ready pods than a PodDisruptionBudget wants; "+
			"the drain of a node waits for replacements.",
		"https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/")
	LawRollout = law.New(law.Kubernetes, "rollouts-take-ready-pods",
		"A rolling update deletes ready pods before new ones are ready, as far as maxUnavailable allows: by default a quarter, rounded "+
			"down. Strategy Recreate deletes all of them first. If the new version never becomes ready, they are missing.",
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment")
	LawAdmission = law.New(law.Injection, "drains-leave-admission-a-pod",
		"While a drain moves the only pod behind a webhook with failure policy Fail, the API refuses every request that the webhook selects.",
		"https://kyverno.io/docs/guides/high-availability/")
)
