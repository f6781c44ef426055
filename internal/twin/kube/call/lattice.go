package call

import (
	"cmp"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
)

// latticeRange is where the names of VPC Lattice resolve to in every VPC:
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html
var (
	latticeRange   = netip.MustParsePrefix("169.254.171.0/24")
	latticeAddress = netip.MustParseAddr("169.254.171.32")
)

// pass is VPC Lattice's part of the way.
func (q *request) pass() *Result {
	path, port := cmp.Or(q.url.EscapedPath(), "/"), q.port()
	if q.proxy != nil && q.proxy.port != 0 {
		port = q.proxy.port
	}
	if !q.leaves(latticeRange, corev1.ProtocolTCP, port) {
		return q.dropped()
	}
	q.answer = vpclattice.Send(q.from.Account.Account, vpclattice.Call{
		GRPC: q.url.Scheme == grpcScheme,
		Request: lattice.Request{
			Principal: q.principal, Signed: q.signed, SourceVPC: q.from.EKS.VPCID, Method: q.asked.Method, Path: path,
			Host: q.url.Hostname(), Port: port, Headers: q.asked.Headers,
		},
		Scheme: q.scheme, SNI: q.url.Hostname(), Address: q.name, SourceIP: q.sourceIP(), Blocked: q.blocked,
		Answers: q.answers,
	})
	if q.answer.Target == nil {
		return q.refusal()
	}
	return nil
}

// steps translates who decided in VPC Lattice.
var steps = map[string]string{
	lattice.ByIdentity: StepIdentityPolicy, lattice.ByNetwork: StepNetworkPolicy, lattice.ByService: StepServicePolicy,
	vpclattice.ByAssociation: StepNetwork, vpclattice.ByName: StepNetwork, vpclattice.ByListener: StepTarget, vpclattice.ByTargets: StepTarget,
}

// refusal is an answer of VPC Lattice that lets no request through to a target.
func (q *request) refusal() *Result {
	a := q.answer
	step, known := steps[a.DecidedBy]
	broken := a.Law
	switch {
	case !known:
		step = StepNetwork
	case !q.signed && a.Status == 403:
		step, broken = StepSignature, q.unsigned
	}
	body := a.Message
	if a.Status == 0 {
		body = "curl: (28) Failed to connect to " + q.url.Hostname() + ": " + a.Message
	}
	return &Result{Status: a.Status, Body: body, DecidedBy: step, Law: broken}
}

// arrive is the last step: what the pod behind the target answers.
func (q *request) arrive() *Result {
	to, pod := q.target(q.answer.Target)
	switch {
	case pod == nil:
		return refused(StepTarget, q.answer.Law, 503, "upstream connect error or disconnect/reset before headers")
	case !pods.Listens(to.API, pod, q.answer.Target.Port):
		return refused(StepTarget, LawTargetPort, 503, "Service Unavailable: nothing listens on port %d of pod %s", q.answer.Target.Port,
			pod.Name)
	}
	if check := q.answer.FailsOpen; check != nil {
		to.Warn(LawHealth, "no pod behind %s passes the health check %s for %s: VPC Lattice sends requests to all of them, broken ones too",
			q.url.Hostname(), check.Path, check.Matcher)
	}
	return answered(pod, steps[q.answer.DecidedBy])
}

// target finds the pod behind a target, nil when it is gone.
func (q *request) target(t *vpclattice.Target) (*cluster.Cluster, *api.Object) {
	name, id, _ := strings.Cut(t.Pod, "/")
	namespace, pod, _ := strings.Cut(id, "/")
	c := q.clusters.ByName(name)
	if c == nil {
		return nil, nil
	}
	return c, c.API.Get("", "Pod", namespace, pod)
}

// blocked tells by which law a target gets nothing from VPC Lattice, neither
// requests nor health checks.
func (q *request) blocked(t *vpclattice.Target) law.Law {
	if c, pod := q.target(t); pod != nil && !c.Network.Admits(pod, networkpolicy.Ingress, latticeRange, corev1.ProtocolTCP, t.Port) {
		return networkpolicy.LawIsolation
	}
	return law.Law{}
}

// answers is the status with which the pod behind a target answers a health check.
func (q *request) answers(t *vpclattice.Target, check vpclattice.HealthCheck) int {
	c, pod := q.target(t)
	port := cmp.Or(check.Port, t.Port)
	if pod == nil || !c.Network.Admits(pod, networkpolicy.Ingress, latticeRange, corev1.ProtocolTCP, port) {
		return 0
	}
	return pods.Answer(c.API, pod, port, check.Path)
}
