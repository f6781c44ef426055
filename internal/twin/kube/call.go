package kube

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/networkpolicy"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawCallName = law.New(law.Call, "call-needs-a-name",
		"A request starts with a name that the pod's VPC resolves.",
		"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html")
	lawCallRedirect = law.New(law.Call, "call-is-redirected-in-the-pod",
		"Only what the iptables rules of the pod's init container catch goes through the proxy; without a proxy behind the rule the connection is refused.",
		"https://ipset.netfilter.org/iptables-extensions.man.html#lbBX")
	lawCallTLS = law.New(law.Call, "call-trusts-the-certificate",
		"Whoever opens TLS to the service, proxy or application, must trust the certificate's authority and find the host in the certificate.",
		"https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl")
	lawTargetPort = law.New(law.Call, "targets-listen-on-their-port",
		"A target answers on the port that it was registered with: where nothing listens on that, requests end with 503.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-group-health-checks.html")
	lawCallExpired = law.New(law.Call, "call-needs-a-valid-certificate",
		"The proxy refuses a service whose certificate has expired.",
		"https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto#extensions-transport-sockets-tls-v3-certificatevalidationcontext")
	lawCallSignature = law.New(law.Call, "call-is-signed-with-the-pods-credentials",
		"A request that does not pass the signing proxy, or passes it without credentials, arrives unsigned, and Lattice takes its sender for anonymous.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html")
)

// Caller is who makes a request: a pod of an existing Deployment, or one that
// is made for the request, through admission, and removed again.
type Caller struct {
	Cluster        string // the EKS cluster's name
	Namespace      string
	ServiceAccount string // of a pod made for the request; empty: default
	Deployment     string // an existing Deployment
	Injected       bool   // a pod made for the request asks for the sidecar
	// Elsewhere makes the request come from a cluster of the same name in
	// another account: same namespace and service account, another cluster ARN.
	Elsewhere bool
}

// The steps that can decide a request.
const (
	StepDNS            = "dns"
	StepNetwork        = "network"
	StepRedirect       = "redirect"
	StepTLS            = "tls"
	StepSignature      = "signature"
	StepIdentityPolicy = "identity policy"
	StepNetworkPolicy  = "network policy"
	StepServicePolicy  = "service policy"
	StepTarget         = "target"
	// StepPodPolicy is a NetworkPolicy of Kubernetes; the one above is the policy
	// of the service network.
	StepPodPolicy = "NetworkPolicy"
)

// Result is what the caller sees.
type Result struct {
	Pod       string `json:"pod"`       // the caller's
	Status    int    `json:"status"`    // 0: no HTTP answer
	Body      string `json:"body"`      // or what curl prints instead
	DecidedBy string `json:"decidedBy"` // one of the steps
	Allowed   bool   `json:"allowed"`
}

// Call makes a GET request from a pod, along the whole data path. An error says
// that there is no such caller.
func (c *Clusters) Call(caller Caller, address string) (Result, error) {
	var r Result
	err := c.world.Do(world.Read, "call", func(op *world.Op) error {
		cl := c.byName(caller.Cluster)
		if cl == nil {
			return fmt.Errorf("no cluster %q", caller.Cluster)
		}
		for _, each := range c.live() {
			each.Reconcile(op)
		}
		resting := cl.Resting()
		pod, drop, err := cl.callerPod(op, caller)
		defer func() {
			drop()
			if resting { // all that was made for the request is gone again
				cl.RestAgain()
			}
		}()
		if err != nil {
			return err
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("%q is no address of a service", address)
		}
		r = (&call{Cluster: cl, op: op, caller: caller, pod: pod, url: u}).run()
		r.Pod = pod.Name
		return nil
	})
	return r, err
}

// call is one request on its way.
type call struct {
	*Cluster
	op     *world.Op
	caller Caller
	pod    *api.Object
	url    *url.URL
}

func (q *call) port() int {
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

func refused(step string, status int, format string, args ...any) Result {
	return Result{Status: status, Body: fmt.Sprintf(format, args...), DecidedBy: step}
}

func (q *call) run() Result {
	host := q.url.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		return q.straight(addr, q.podAt(addr), q.port())
	}
	if _, ok := q.Account.AddonRuns(q.EKS.Name, "coredns"); !ok || !q.leaves(networkpolicy.Single(networkpolicy.ClusterDNS), corev1.ProtocolUDP, 53) {
		return refused(StepDNS, 0, "curl: (6) Could not resolve host: %s", host)
	}
	if service := q.service(host); service != nil {
		return q.throughService(service)
	}
	name, _, _, err := q.Account.Route53("").Resolve(q.EKS.VPCID, host)
	if err != nil {
		return refused(StepDNS, 0, "curl: (6) Could not resolve host: %s (%s)", host, controller.Message(err))
	}
	uid, gid := q.appUser()
	port, caught := redirect(q.rules(), latticeAddress, q.port(), uid, gid)
	switch {
	case caught:
		return q.throughProxy(name, port)
	case q.url.Scheme == "https":
		return q.direct(name)
	}
	return q.send(name, iam.Principal{}, false, "http", q.port())
}

// direct is the application's own TLS: it trusts what its image trusts, and the
// authorities that its environment adds.
func (q *call) direct(name string) Result {
	if problem := q.untrusted(name, q.appTrust()); problem != "" {
		return refused(StepTLS, 0, "curl: (60) SSL certificate problem: %s", problem)
	}
	return q.send(name, iam.Principal{}, false, "https", q.port())
}

// throughProxy is the request after the redirect to a port of the pod.
func (q *call) throughProxy(name string, port int) Result {
	p := q.proxy(port)
	switch {
	case p == nil:
		return refused(StepRedirect, 0, "curl: (7) Failed to connect to %s port %d: Connection refused", q.url.Hostname(), q.port())
	case !p.http:
		return refused(StepRedirect, 0, "curl: (56) Recv failure: Connection reset by peer")
	case q.url.Scheme == "https":
		return refused(StepRedirect, 0, "curl: (35) OpenSSL/3.0: error:0A00010B:SSL routines::wrong version number")
	}
	scheme, to := "https", p.port
	if to == 0 {
		to = q.port()
	}
	if p.plain {
		scheme = "http"
	} else if problem := q.untrusted(name, p.trust); problem != "" {
		return refused(StepTLS, 503, "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:%s", problem)
	}
	principal, signed := q.signer(p)
	return q.send(name, principal, signed, scheme, to)
}

// signer is the identity that the proxy signs with: the pod's, or the node's if
// the proxy asks for that too. Without credentials it lets the request pass unsigned.
func (q *call) signer(p *proxy) (iam.Principal, bool) {
	if !p.signs {
		return iam.Principal{}, false
	}
	principal, _, err := q.identity.Credentials(q.pod)
	if !q.leaves(networkpolicy.Single(netip.MustParseAddr(podidentity.Address)), corev1.ProtocolTCP, 80) {
		err = errors.New("the agent is out of reach")
	}
	if err != nil && p.anyProvider {
		node, reached := q.Account.NodeCredentials(q.EKS.Name, obj.Str(q.pod.Content, "spec", "nodeName"))
		if reached {
			principal, err = node, nil
		}
	}
	if err != nil {
		return iam.Principal{}, false
	}
	if q.caller.Elsewhere {
		principal = elsewhere(principal, q.Account.ID)
	}
	return principal, true
}

// elsewhere moves a principal to another account.
func elsewhere(p iam.Principal, account string) iam.Principal {
	const other = "210987654321"
	move := func(arn string) string { return strings.ReplaceAll(arn, ":"+account+":", ":"+other+":") }
	tags := map[string]string{}
	for k, v := range p.Tags {
		tags[k] = move(v)
	}
	p.ARN, p.RoleARN, p.Account, p.Tags = move(p.ARN), move(p.RoleARN), other, tags
	return p
}

// send is VPC Lattice's part of the way.
func (q *call) send(name string, principal iam.Principal, signed bool, scheme string, port int) Result {
	path := q.url.EscapedPath()
	if path == "" {
		path = "/"
	}
	if !q.leaves(latticeRange, corev1.ProtocolTCP, port) {
		return q.dropped()
	}
	answer := q.Account.Call(aws.Call{
		Request: lattice.Request{Principal: principal, Signed: signed, SourceVPC: q.EKS.VPCID, Method: "GET", Path: path,
			Host: q.url.Hostname(), Port: port},
		Scheme: scheme, SNI: q.url.Hostname(), Address: name, SourceIP: obj.Str(q.pod.Content, "status", "podIP"), Blocked: q.all.blocksLattice,
	})
	if answer.Target == nil {
		return q.refusal(answer, signed)
	}
	cl, pod := q.all.podOf(answer.Target)
	switch {
	case pod == nil:
		return refused(StepTarget, 503, "upstream connect error or disconnect/reset before headers")
	case !pods.Listens(cl.API, pod, answer.Target.Port):
		return refused(StepTarget, 503, "Service Unavailable: nothing listens on port %d of pod %s [law %s]", answer.Target.Port, pod.Name, lawTargetPort.ID)
	}
	return answered(pod, steps[answer.DecidedBy])
}

// podOf finds the pod behind a target.
func (c *Clusters) podOf(t *aws.Target) (*Cluster, *api.Object) {
	cluster, id, _ := strings.Cut(t.Pod, "/")
	namespace, name, _ := strings.Cut(id, "/")
	cl := c.byName(cluster)
	if cl == nil {
		return nil, nil
	}
	return cl, cl.API.Get("", "Pod", namespace, name)
}

// steps translates who decided in VPC Lattice.
var steps = map[string]string{
	lattice.ByIdentity: StepIdentityPolicy, lattice.ByNetwork: StepNetworkPolicy, lattice.ByService: StepServicePolicy,
	aws.ByAssociation: StepNetwork, aws.ByName: StepNetwork, aws.ByListener: StepTarget, aws.ByTargets: StepTarget,
}

func (q *call) refusal(a aws.Answer, signed bool) Result {
	step, known := steps[a.DecidedBy]
	switch {
	case !known:
		step = StepNetwork
	case !signed && a.Status == 403:
		step = StepSignature
	}
	body := a.Message
	if a.Status == 0 {
		body = "curl: (28) Failed to connect to " + q.url.Hostname() + ": " + a.Message
	}
	return Result{Status: a.Status, Body: body, DecidedBy: step}
}

// blocksLattice tells by which law a target gets nothing from VPC Lattice,
// neither requests nor health checks.
func (c *Clusters) blocksLattice(t *aws.Target) law.Law {
	if cl, pod := c.podOf(t); pod != nil && !cl.network.Admits(pod, networkpolicy.Ingress, latticeRange, corev1.ProtocolTCP, t.Port) {
		return networkpolicy.LawIsolation
	}
	return law.Law{}
}
