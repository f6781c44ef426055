package sidecar

import "strconv"

const volumeName = "eks-lattice-sidecar"

// PodParts is what the policy adds to a pod, in Kubernetes' JSON.
type PodParts struct {
	// InitContainers start before the pod's own, in this order: the redirect, then
	// the proxy, a native sidecar that must run before the application starts.
	// https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
	InitContainers []map[string]any
	// Volumes are added to the pod's own.
	Volumes []map[string]any
}

// Pod returns the parts of an injected pod.
//
// The containers do not have the environment, volume and mount of Pod Identity.
// EKS's pod-identity-webhook adds them, to init containers as well:
// https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/handler/handler.go
// It always sees the injected containers. The API server calls webhooks in the order
// of their configurations' names, so Kyverno's, "kyverno-resource-…", comes before
// "pod-identity-webhook". And EKS registers the latter with reinvocationPolicy
// IfNeeded, so it is called again after another webhook's change:
// https://repost.aws/knowledge-center/eks-troubleshoot-irsa-errors
func Pod(a Args) (PodParts, error) {
	a = a.withDefaults()
	if err := a.check(); err != nil {
		return PodParts{}, err
	}
	return podParts(a), nil
}

func podParts(a Args) PodParts {
	return PodParts{
		InitContainers: []map[string]any{iptablesInit(a), proxy(a)},
		Volumes: []map[string]any{{
			"name":      volumeName,
			"configMap": map[string]any{"name": ConfigMapName, "defaultMode": 0o444},
		}},
	}
}

// iptablesInit calls the nftables variant by its own name. The image's
// iptables-restore is a wrapper that chooses a variant by the kubelet's chains,
// which exist only in the node's namespace, and then relinks itself, which a
// read-only root does not allow. https://github.com/kubernetes-sigs/iptables-wrappers
//
// It runs as root, with NET_ADMIN as its only capability, because Kubernetes adds
// capabilities for no other user. https://github.com/kubernetes/kubernetes/issues/56374
func iptablesInit(a Args) map[string]any {
	return map[string]any{
		"name":  InitContainerName,
		"image": a.Images.Iptables,
		"command": []any{
			"xtables-nft-multi", "iptables-restore", "--noflush", ConfigDir + "/" + RulesKey,
		},
		"securityContext": map[string]any{
			"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": false, "privileged": false,
			"allowPrivilegeEscalation": false,
			"readOnlyRootFilesystem":   true,
			"capabilities":             map[string]any{"drop": []any{"ALL"}, "add": []any{"NET_ADMIN"}},
			"seccompProfile":           map[string]any{"type": "RuntimeDefault"},
		},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "10m", "memory": "16Mi"},
			"limits":   map[string]any{"memory": "32Mi"},
		},
		"terminationMessagePolicy": "FallbackToLogsOnError",
		"volumeMounts":             mounts(),
	}
}

// proxy has no preStop hook and does not drain: the kubelet stops native sidecars
// after the last ordinary container, so the application has no requests in flight.
// It has no liveness probe: Envoy exits when it cannot continue, and restartPolicy
// starts it again.
//
// It has no CPU limit: throttling would add latency to every request although the
// node has idle CPU.
func proxy(a Args) map[string]any {
	probe := func(period, failures int) map[string]any {
		return map[string]any{
			"httpGet":       map[string]any{"path": ReadyPath, "port": ReadyPort},
			"periodSeconds": period, "failureThreshold": failures, "timeoutSeconds": 1,
		}
	}
	return map[string]any{
		"name":  ProxyContainerName,
		"image": a.Images.Envoy,
		// The entry point of Envoy's other images is a script that requires root.
		"command": []any{"/usr/local/bin/envoy"},
		"args": []any{
			"-c", ConfigDir + "/" + BootstrapKey,
			// At the levels debug and trace, Envoy logs headers with credentials.
			"--log-level", "warning",
			"--concurrency", strconv.Itoa(Workers),
			// Hot restart needs shared memory, which a read-only root lacks.
			"--disable-hot-restart",
		},
		"restartPolicy":  "Always",
		"startupProbe":   probe(1, 60),
		"readinessProbe": probe(5, 3),
		"securityContext": map[string]any{
			"runAsUser": UID, "runAsGroup": GID, "runAsNonRoot": true, "privileged": false,
			"allowPrivilegeEscalation": false,
			"readOnlyRootFilesystem":   true,
			"capabilities":             map[string]any{"drop": []any{"ALL"}},
			"seccompProfile":           map[string]any{"type": "RuntimeDefault"},
		},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": a.Resources.CPURequest, "memory": a.Resources.MemoryRequest},
			"limits":   map[string]any{"memory": a.Resources.MemoryLimit},
		},
		"terminationMessagePolicy": "FallbackToLogsOnError",
		"volumeMounts":             mounts(),
	}
}

// mounts has no subPath: the kubelet never updates files that are mounted by
// subPath, and the CA must be updated.
func mounts() []any {
	return []any{map[string]any{"name": volumeName, "mountPath": ConfigDir, "readOnly": true}}
}
