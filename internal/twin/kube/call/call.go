// Package call makes requests, mostly from pods, along the whole data path: name, redirect,
// proxy, TLS, signature, policies, target.
package call

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/world"
)

// The steps of a request in their order: from a pod, and from outside of the
// cluster. Each passes the request on by nil, or decides it.
var (
	way = []func(*request) *Result{
		(*request).address, (*request).resolve, (*request).redirect, (*request).encrypt, (*request).sign, (*request).pass, (*request).arrive,
	}
	wayFromOutside = []func(*request) *Result{
		(*request).lookUp, (*request).encrypt, (*request).signWithRole, (*request).pass, (*request).arrive,
	}
)

func (q *request) travel() Result {
	steps := way
	if q.caller.Outside {
		steps = wayFromOutside
	}
	for _, step := range steps {
		if r := step(q); r != nil {
			return *r
		}
	}
	panic("the last step decides every request")
}

// Request is what a caller asks for.
type Request struct {
	Method  string
	URL     string
	Headers map[string]string
}

// Do makes a request without headers from a pod.
func Do(clusters *cluster.Clusters, caller Caller, method, address string) (Result, error) {
	return Send(clusters, caller, Request{Method: method, URL: address})
}

// Send makes a request from a pod, along the whole data path. An error says that
// there is no such caller.
func Send(clusters *cluster.Clusters, caller Caller, asked Request) (Result, error) {
	var r Result
	err := clusters.World.Do(world.Read, "call", func(op *world.Op) error {
		from := clusters.ByName(caller.Cluster)
		if from == nil {
			return fmt.Errorf("no cluster %q", caller.Cluster)
		}
		for _, each := range clusters.Live() {
			each.Reconcile(op)
		}
		resting := from.Resting()
		pod, drop, err := caller.pod(from, op)
		defer func() {
			drop()
			if resting { // all that was created for the request is gone again
				from.RestAgain()
			}
		}()
		if err != nil {
			return err
		}
		u, err := url.Parse(asked.URL)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", grpcScheme}, u.Scheme) {
			return fmt.Errorf("%q is not the URL of a service", asked.URL)
		}
		if u.Scheme == grpcScheme {
			asked.Method = http.MethodPost
		}
		r = (&request{clusters: clusters, from: from, caller: caller, pod: pod, asked: asked, url: u}).travel()
		if u.Scheme == grpcScheme && !r.Allowed {
			r = grpcError(r)
		}
		if pod != nil {
			r.Pod = pod.Name
		}
		return nil
	})
	return r, err
}
