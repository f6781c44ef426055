package call

import "net/netip"

// redirected tells to which port of the pod the application's connection to an
// address goes, if the pod's iptables rules catch it.
func (q *request) redirected(to netip.Addr) (port int, caught bool) {
	uid, gid := appUser(q.pod)
	return redirect(rules(q.from.API, q.pod), to, q.port(), uid, gid)
}

// redirect finds the proxy that the application's connection ends at, if its pod
// redirects it.
func (q *request) redirect() *Result {
	port, caught := q.redirected(latticeAddress)
	if !caught {
		return nil
	}
	p := proxyOn(q.from.API, q.pod, port)
	switch {
	case p == nil:
		return refused(StepRedirect, LawRedirect, 0, "curl: (7) Failed to connect to %s port %d: Connection refused", q.url.Hostname(), q.port())
	case !p.http:
		return refused(StepRedirect, LawRedirect, 0, "curl: (56) Recv failure: Connection reset by peer")
	case q.url.Scheme == "https":
		return refused(StepRedirect, LawRedirect, 0, "curl: (35) OpenSSL/3.0: error:0A00010B:SSL routines::wrong version number")
	}
	q.proxy = p
	return nil
}
