package call

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/networkpolicy"
)

// address is the step of a request to an address: it leads straight to a pod.
func (q *request) address() *Result {
	addr, err := netip.ParseAddr(q.url.Hostname())
	if err != nil {
		return nil
	}
	return q.connect(addr, q.podAt(addr), q.port())
}

// resolve finds the Service or the Lattice service that the host means.
func (q *request) resolve() *Result {
	host := q.url.Hostname()
	if _, ok := q.from.Account.EKS.AddonRuns(q.from.EKS.Name, "coredns"); !ok {
		return refused(StepDNS, kubelet.LawClusterDNS, 0, "curl: (6) Could not resolve host: %s", host)
	}
	if !q.leaves(networkpolicy.Single(networkpolicy.ClusterDNS), corev1.ProtocolUDP, 53) {
		return refused(StepDNS, networkpolicy.LawIsolation, 0, "curl: (6) Could not resolve host: %s", host)
	}
	if service := q.clusterService(host); service != nil {
		return q.throughService(service)
	}
	return q.lookUp()
}

// lookUp finds the Lattice service that a host means in the caller's VPC.
func (q *request) lookUp() *Result {
	host := q.url.Hostname()
	name, _, _, err := q.from.Account.Route53("").Resolve(q.from.EKS.VPCID, host)
	if err != nil {
		return refused(StepDNS, LawName, 0, "curl: (6) Could not resolve host: %s (%s)", host, controller.Message(err))
	}
	q.name = name
	return nil
}
