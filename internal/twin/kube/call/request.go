package call

import (
	"fmt"
	"net/netip"
	"net/url"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/law"
)

// request is a request on its way.
type request struct {
	clusters *cluster.Clusters
	from     *cluster.Cluster // the caller's
	caller   Caller
	pod      *api.Object // the caller's, nil if it is none
	asked    Request
	url      *url.URL

	// What the steps find out.
	name      string // of the Lattice service, to which the host's record leads
	proxy     *proxy // that the pod redirects the request to, nil for none
	scheme    string // of the request as it leaves the pod
	principal iam.Principal
	signed    bool
	unsigned  law.Law // why the request is not signed
	answer    vpclattice.Answer
}

func (q *request) port() int {
	switch {
	case q.url.Port() != "":
		n := 0
		_, _ = fmt.Sscan(q.url.Port(), &n)
		return n
	case q.url.Scheme == "https":
		return 443
	}
	return 80
}

// leaves reports whether network policies let the caller connect to a network.
func (q *request) leaves(to netip.Prefix, protocol corev1.Protocol, port int) bool {
	return q.pod == nil || q.from.Network.Admits(q.pod, networkpolicy.Egress, to, protocol, port)
}

// dropped is a connection whose packets a network policy drops.
func (q *request) dropped() *Result {
	return refused(StepPodPolicy, networkpolicy.LawIsolation, 0, "curl: (28) Failed to connect to %s port %d: Connection timed out",
		q.url.Hostname(), q.port())
}
