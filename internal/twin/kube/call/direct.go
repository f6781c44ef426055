package call

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
)

// podAt finds the pod of the caller's cluster that has an address: all clusters
// may have the same range, so an address leads to one's own.
func (q *request) podAt(addr netip.Addr) *api.Object {
	for _, pod := range q.from.API.List("", "Pod", "") {
		if obj.Str(pod.Content, "status", "podIP") == addr.String() {
			return pod
		}
	}
	return nil
}

// clusterService finds the Service that a name means within the cluster:
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
func (q *request) clusterService(host string) *api.Object {
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(host, ".cluster.local"), "."), ".svc")
	service, namespace, given := strings.Cut(name, ".")
	if !given {
		namespace = q.pod.Namespace
	}
	return q.from.API.Get("", "Service", namespace, service)
}

// throughService is what kube-proxy does with a connection to a Service.
func (q *request) throughService(service *api.Object) *Result {
	addr, err := netip.ParseAddr(obj.Str(service.Content, "spec", "clusterIP"))
	offered := slices.ContainsFunc(obj.Maps(service.Content, "spec", "ports"),
		func(p obj.Map) bool { return obj.Int(p, "port") == int64(q.port()) })
	if err != nil || !offered {
		return q.unreached("Connection timed out")
	}
	for _, pod := range pods.Endpoints(q.from.API, service) {
		if port, ok := pods.TargetPort(service, pod, int64(q.port())); ok {
			return q.connect(addr, pod, port)
		}
	}
	return q.unreached("Connection refused")
}

// connect is a connection to a pod, past VPC Lattice. addr is where the
// application sends it, the pod's address or that of its Service.
func (q *request) connect(addr netip.Addr, pod *api.Object, port int) *Result {
	if _, caught := q.redirected(addr); caught { // by a rule for everything
		return refused(StepRedirect, LawRedirect, 0, "curl: (56) Recv failure: Connection reset by peer")
	}
	if pod == nil {
		return q.unreached("Connection timed out")
	}
	if pod.Key != q.pod.Key && (!q.leaves(addressOf(pod), corev1.ProtocolTCP, port) ||
		!q.from.Network.Admits(pod, networkpolicy.Ingress, addressOf(q.pod), corev1.ProtocolTCP, port)) {
		return q.dropped()
	}
	switch {
	case !pods.Listens(q.from.API, pod, port):
		return q.unreached("Connection refused")
	case q.url.Scheme == "https":
		return refused(StepTLS, law.Law{}, 0, "curl: (35) OpenSSL/3.0: error:0A00010B:SSL routines::wrong version number")
	}
	return answered(pod, StepPodPolicy)
}

func addressOf(pod *api.Object) netip.Prefix {
	addr, err := netip.ParseAddr(obj.Str(pod.Content, "status", "podIP"))
	if err != nil {
		return netip.Prefix{}
	}
	return networkpolicy.Single(addr)
}

func (q *request) unreached(why string) *Result {
	return refused(StepTarget, law.Law{}, 0, "curl: (7) Failed to connect to %s port %d: %s", q.url.Hostname(), q.port(), why)
}
