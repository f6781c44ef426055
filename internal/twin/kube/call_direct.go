package kube

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// PodAddress is the address of a ready pod of a Deployment, "" when there is
// none. Call it inside World.Look.
func (c *Clusters) PodAddress(cluster, namespace, deployment string) string {
	cl := c.byName(cluster)
	if cl == nil {
		return ""
	}
	if d := cl.API.Get("apps", "Deployment", namespace, deployment); d != nil {
		for _, pod := range pods.ReadyOf(cl.API, d) {
			return obj.Str(pod.Content, "status", "podIP")
		}
	}
	return ""
}

// podAt finds the pod of the caller's cluster that has an address: all clusters
// may have the same range, so an address leads to one's own.
func (q *call) podAt(addr netip.Addr) *api.Object {
	for _, pod := range q.API.List("", "Pod", "") {
		if obj.Str(pod.Content, "status", "podIP") == addr.String() {
			return pod
		}
	}
	return nil
}

// service finds the Service that a name means within the cluster:
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
func (q *call) service(host string) *api.Object {
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(host, ".cluster.local"), "."), ".svc")
	service, namespace, given := strings.Cut(name, ".")
	if !given {
		namespace = q.pod.Namespace
	}
	return q.API.Get("", "Service", namespace, service)
}

// throughService is what kube-proxy makes of a connection to a Service.
func (q *call) throughService(service *api.Object) Result {
	addr, err := netip.ParseAddr(obj.Str(service.Content, "spec", "clusterIP"))
	offered := slices.ContainsFunc(obj.Maps(service.Content, "spec", "ports"), func(p obj.Map) bool { return obj.Int(p, "port") == int64(q.port()) })
	if err != nil || !offered {
		return q.unreached("Connection timed out")
	}
	for _, pod := range pods.Endpoints(q.API, service) {
		if port, ok := pods.TargetPort(service, pod, int64(q.port())); ok {
			return q.straight(addr, pod, port)
		}
	}
	return q.unreached("Connection refused")
}

// straight is a connection to a pod, past VPC Lattice. addr is where the
// application sends it, the pod's address or that of its Service.
func (q *call) straight(addr netip.Addr, pod *api.Object, port int) Result {
	uid, gid := q.appUser()
	if _, caught := redirect(q.rules(), addr, q.port(), uid, gid); caught { // by a rule for everything
		return refused(StepRedirect, 0, "curl: (56) Recv failure: Connection reset by peer")
	}
	if pod == nil {
		return q.unreached("Connection timed out")
	}
	if pod.Key != q.pod.Key && (!q.leaves(addressOf(pod), corev1.ProtocolTCP, port) ||
		!q.network.Admits(pod, networkpolicy.Ingress, addressOf(q.pod), corev1.ProtocolTCP, port)) {
		return q.dropped()
	}
	switch {
	case !pods.Listens(q.API, pod, port):
		return q.unreached("Connection refused")
	case q.url.Scheme == "https":
		return refused(StepTLS, 0, "curl: (35) OpenSSL/3.0: error:0A00010B:SSL routines::wrong version number")
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

// leaves tells whether network policies let the caller connect to a network.
func (q *call) leaves(to netip.Prefix, protocol corev1.Protocol, port int) bool {
	return q.network.Admits(q.pod, networkpolicy.Egress, to, protocol, port)
}

// dropped is a connection whose packets a network policy drops.
func (q *call) dropped() Result {
	return refused(StepPodPolicy, 0, "curl: (28) Failed to connect to %s port %d: Connection timed out [law %s]", q.url.Hostname(), q.port(), networkpolicy.LawIsolation.ID)
}

func (q *call) unreached(why string) Result {
	return refused(StepTarget, 0, "curl: (7) Failed to connect to %s port %d: %s", q.url.Hostname(), q.port(), why)
}
