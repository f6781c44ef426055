package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"

	"eks-lattice/internal/twin/kube/obj"
)

// complete fills in what the API server fills in: for built-in kinds the
// defaults that show in what users read back, for others those of their CRD.
func complete(cluster string, k kind, key Key, content, old obj.Map) {
	if old != nil { // only the server writes these
		for _, f := range []string{"uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp",
			"deletionGracePeriodSeconds"} {
			if v := obj.Get(old, "metadata", f); v != nil {
				obj.Set(content, v, "metadata", f)
			} else {
				obj.Delete(content, "metadata", f)
			}
		}
	}
	if k.custom != nil {
		k.custom.Complete(content)
		return
	}
	switch key.Kind {
	case "Namespace":
		obj.Set(content, key.Name, "metadata", "labels", "kubernetes.io/metadata.name")
		obj.Default(content, []any{"kubernetes"}, "spec", "finalizers")
		obj.Default(content, "Active", "status", "phase")
	case "Service":
		completeService(cluster, key, content)
	case "Deployment":
		obj.Default(content, int64(1), "spec", "replicas")
		obj.Default(content, "RollingUpdate", "spec", "strategy", "type")
		if obj.Str(content, "spec", "strategy", "type") == "RollingUpdate" {
			obj.Default(content, "25%", "spec", "strategy", "rollingUpdate", "maxSurge")
			obj.Default(content, "25%", "spec", "strategy", "rollingUpdate", "maxUnavailable")
		}
		obj.Default(content, int64(10), "spec", "revisionHistoryLimit")
		obj.Default(content, int64(600), "spec", "progressDeadlineSeconds")
		completePod(obj.At(content, "spec", "template"))
	case "DaemonSet", "ReplicaSet":
		completePod(obj.At(content, "spec", "template"))
	case "Pod":
		completePod(content)
		obj.Default(content, "default", "spec", "serviceAccountName")
		obj.Default(content, "Pending", "status", "phase")
	case "Secret":
		obj.Default(content, "Opaque", "type")
		for name, value := range obj.StringMap(content, "stringData") {
			obj.Set(content, encode(value), "data", name)
		}
		delete(content, "stringData")
	}
}

func completePod(pod obj.Map) {
	if obj.At(pod, "spec") == nil {
		return
	}
	obj.Default(pod, "Always", "spec", "restartPolicy")
	obj.Default(pod, "ClusterFirst", "spec", "dnsPolicy")
	obj.Default(pod, "default-scheduler", "spec", "schedulerName")
	obj.Default(pod, int64(30), "spec", "terminationGracePeriodSeconds")
	for _, list := range []string{"initContainers", "containers"} {
		for _, c := range obj.Maps(pod, "spec", list) {
			obj.Default(c, pullPolicy(obj.Str(c, "image")), "imagePullPolicy")
			for _, p := range obj.Maps(c, "ports") {
				obj.Default(p, "TCP", "protocol")
			}
		}
	}
}

// pullPolicy is Always for images without a tag or with the tag latest:
// https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting
func pullPolicy(image string) string {
	for i := len(image) - 1; i >= 0; i-- {
		switch image[i] {
		case '@':
			return "IfNotPresent"
		case ':':
			if image[i+1:] != "latest" {
				return "IfNotPresent"
			}
			return "Always"
		case '/':
			return "Always"
		}
	}
	return "Always"
}

func completeService(cluster string, key Key, content obj.Map) {
	obj.Default(content, "ClusterIP", "spec", "type")
	obj.Default(content, "None", "spec", "sessionAffinity")
	obj.Default(content, "Cluster", "spec", "internalTrafficPolicy")
	obj.Default(content, "SingleStack", "spec", "ipFamilyPolicy")
	obj.Default(content, []any{"IPv4"}, "spec", "ipFamilies")
	if obj.Get(content, "spec", "clusterIP") == nil {
		ip := serviceIP(cluster + " " + key.String())
		obj.Set(content, ip, "spec", "clusterIP")
		obj.Set(content, []any{ip}, "spec", "clusterIPs")
	}
	for _, p := range obj.Maps(content, "spec", "ports") {
		obj.Default(p, "TCP", "protocol")
		obj.Default(p, p["port"], "targetPort")
	}
}

// serviceIP picks an address of 172.20.0.0/16, the range that EKS gives
// clusters whose VPC does not hold it:
// https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
func serviceIP(scope string) string {
	h := sha256.Sum256([]byte(scope))
	return netip.AddrFrom4([4]byte{172, 20, h[0], 1 + h[1]%254}).String()
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
