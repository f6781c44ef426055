package sidecar

import "strconv"

const volumeName = "eks-lattice-sidecar"

// PodParts is what the policy adds to a pod, as Kubernetes' JSON has it.
type PodParts struct {
	// InitContainers come before the pod's own, in this order: the redirect
	// first, then the proxy, which is a native sidecar and must have started
	// before anything of the application runs
	// (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/).
	InitContainers []map[string]any
	// Volumes are added to the pod's own.
	Volumes []map[string]any
}

// Pod returns the parts of an injected pod.
//
// Neither container names the environment, the volume or the mount of Pod
// Identity. EKS's pod-identity-webhook adds them, to init containers as well
// (https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/handler/handler.go),
// and sees the injected ones in any case: webhooks are called in the order of
// their configurations' names, so Kyverno's, "kyverno-resource-…", comes before
// "pod-identity-webhook", and EKS registers the latter with reinvocationPolicy
// IfNeeded, which calls it again after a change by another one
// (https://repost.aws/knowledge-center/eks-troubleshoot-irsa-errors).
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
// iptables-restore is a wrapper that looks for the kubelet's chains to choose a
// variant, which only the node's namespace has, and then relinks itself, which
// a read-only root does not allow
// (https://github.com/kubernetes-sigs/iptables-wrappers).
//
// It runs as root because Kubernetes gives added capabilities to no other user
// (https://github.com/kubernetes/kubernetes/issues/56374), with NET_ADMIN as
// the only one.
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

// proxy has no preStop hook and no drain of its own: the kubelet stops native
// sidecars after the last ordinary container has ended, so no request of the
// application can be in flight then. It has no liveness probe either: Envoy
// ends by itself when it cannot go on, and then restartPolicy starts it again.
//
// There is no CPU limit: a throttled proxy would add latency to every request
// although the node has time to spare.
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
		// Named, because the entry point of Envoy's other images is a script
		// that wants to be root.
		"command": []any{"/usr/local/bin/envoy"},
		"args": []any{
			"-c", ConfigDir + "/" + BootstrapKey,
			// At debug and trace Envoy logs headers, and with them credentials.
			"--log-level", "warning",
			"--concurrency", strconv.Itoa(Workers),
			// Hot restart wants shared memory, which a read-only root lacks.
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

// mounts has no subPath: files that are mounted by one are never updated, and
// the CA must be.
func mounts() []any {
	return []any{map[string]any{"name": volumeName, "mountPath": ConfigDir, "readOnly": true}}
}
