package rehearsal

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/names"
	twincall "eks-lattice/internal/twin/kube/call"
)

// call is one row of the matrix before it is made.
type call struct {
	from   twincall.Caller
	app    string // of the caller, if the call comes from an application's pod
	method string // empty: GET
	url    string // empty: the address of the pod
	to     app    // whose pod is called, if one is
	what   string // what is special about the caller, or about its way
	expect report.Verdict
}

// matrix calls every app from every kind of caller, over http and https, and
// then from pods that must not get through.
func (r *run) matrix(t *Track) ([]report.Row, error) {
	rows := []report.Row{}
	for _, c := range r.project.calls() {
		if c.url == "" {
			c.url = r.podURL(c)
		}
		result, err := r.twin.Call(c.from, cmp.Or(c.method, http.MethodGet), c.url)
		if err != nil {
			return rows, fmt.Errorf("calling %s from %s/%s: %w", c.url, c.from.Cluster, c.from.Namespace, err)
		}
		row := report.Row{
			Cluster: c.from.Cluster, Namespace: c.from.Namespace, ServiceAccount: c.from.ServiceAccount, Role: c.from.Role,
			Application: c.app, URL: c.url, Case: c.what, Expect: c.expect, Got: report.Deny,
			Status: result.Status, Body: result.Body, DecidedBy: result.DecidedBy, Law: result.Law.ID,
		}
		if result.Allowed {
			row.Got = report.Allow
		}
		rows = append(rows, row)
		t.Tick()
	}
	return rows, nil
}

// podURL is the address of a running pod. Addresses are the one thing that the
// stack files do not tell.
func (r *run) podURL(c call) (url string) {
	r.twin.World.Look(func() {
		address := r.twin.Kube.PodAddress(c.from.Cluster, c.to.Namespace, c.to.workload())
		url = fmt.Sprintf("http://%s:%d", address, c.to.Port)
	})
	return url
}

// calls derives the matrix from the stack files alone: what may pass is what
// the configuration says, not what the program made of it.
//
// Apps of one service account are one caller to IAM: the first calls every app,
// and of the others one call shows that their pods have a proxy that signs. So
// the matrix grows with the number of apps, not with its square.
func (p *project) calls() []call {
	var calls []call
	pods := map[identity]bool{}
	for _, from := range p.stacks {
		for _, a := range from.apps {
			if a.Service != nil { // whose pods no stack file knows
				continue
			}
			who := identity{cluster: from.cluster, namespace: a.Namespace, serviceAccount: a.ServiceAccount}
			again := pods[who]
			pods[who] = true
			pod := twincall.Caller{
				Cluster: from.cluster, Namespace: a.Namespace, ServiceAccount: a.ServiceAccount, Deployment: a.workload(),
			}
		targets:
			for _, to := range p.stacks {
				for _, b := range to.apps {
					host := names.Host(b.Name, p.domain)
					expect := report.Deny
					if b.allows(who, b.method(), "/") {
						expect = report.Allow
					}
					calls = append(calls,
						call{from: pod, app: a.Name, url: b.url(p.domain), expect: expect},
						// The proxy leaves the app's own TLS alone, so nobody signs it.
						call{from: pod, app: a.Name, url: "https://" + host, what: "TLS by the app", expect: report.Deny})
					if again {
						break targets
					}
				}
			}
		}
	}
	calls = append(calls, p.callsUnaided(pods)...)
	for _, to := range p.stacks {
		for _, b := range to.apps {
			for _, c := range b.neighbors(to.cluster, b.url(p.domain), pods) {
				if p.makes(c.from.Cluster) {
					calls = append(calls, c)
				}
			}
			if b.Service == nil { // whose network policy is somebody else's
				calls = append(calls, b.straight(to.cluster)...)
			}
		}
	}
	return calls
}

// callsUnaided are those of a pod of each service account that may call without being an
// application's own: in namespaces that only call, and behind Services that somebody else
// deploys. It finds only what is there.
func (p *project) callsUnaided(pods map[identity]bool) (calls []call) {
	for _, from := range p.stacks {
		for _, who := range from.unaided() {
			if pods[who] {
				continue
			}
			pods[who] = true
			for _, to := range p.stacks {
				for _, b := range to.apps {
					calls = append(calls, b.callUnaided(who, b.url(p.domain)))
				}
			}
		}
	}
	return calls
}

func (s stackFile) unaided() (all []identity) {
	for _, n := range s.namespaces {
		for _, account := range n.ServiceAccounts {
			all = append(all, identity{cluster: s.cluster, namespace: n.Name, serviceAccount: account})
		}
	}
	for _, a := range s.apps {
		if a.Service != nil && a.ServiceAccount != "" {
			all = append(all, identity{cluster: s.cluster, namespace: a.Namespace, serviceAccount: a.ServiceAccount})
		}
	}
	return all
}

// callUnaided is the call of a pod that is created for it in a namespace of the stack.
func (b app) callUnaided(who identity, url string) call {
	pod := twincall.Caller{
		Cluster: who.cluster, Namespace: who.namespace, ServiceAccount: who.serviceAccount, Injected: true, Unaided: true,
	}
	expect := report.Deny
	if b.allows(who, b.method(), "/") {
		expect = report.Allow
	}
	return call{from: pod, url: url, what: "namespace of callers", expect: expect}
}

// makes reports whether one of the stack files is that of a cluster.
func (p *project) makes(cluster string) bool {
	return slices.ContainsFunc(p.stacks, func(s stackFile) bool { return s.role == names.RoleCluster && s.cluster == cluster })
}

// strangers warns of callers in clusters that no stack file makes. AWS takes
// any name, so a slip of the pen shows only when nobody gets through.
func (p *project) strangers() (warnings []string) {
	for _, to := range p.stacks {
		for _, b := range to.apps {
			for _, c := range b.Allow {
				if c.Role == "" && !p.makes(c.Cluster) {
					warnings = append(warnings,
						fmt.Sprintf("%s allows cluster %s, which no stack file makes: nobody called from there", b.Name, c.Cluster))
				}
			}
		}
	}
	return warnings
}

// straight are calls past VPC Lattice, and so past IAM, by the pod's address and
// by the Service's name: from a neighbour of the pod and from another namespace
// of its cluster.
func (b app) straight(cluster string) []call {
	var calls []call
	expect := report.Deny
	if b.DirectAccess {
		expect = report.Allow
	}
	for _, namespace := range []string{b.Namespace, "elsewhere"} {
		from := twincall.Caller{Cluster: cluster, Namespace: namespace, ServiceAccount: names.DefaultServiceAccount}
		service := "http://" + b.workload() + "." + b.Namespace
		calls = append(calls,
			call{from: from, to: b, what: "straight to the pod", expect: expect},
			call{from: from, url: service, to: b, what: "straight to the pod", expect: expect})
	}
	return calls
}
