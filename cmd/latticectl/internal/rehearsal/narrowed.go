package rehearsal

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/names"
	twincall "eks-lattice/internal/twin/kube/call"
)

// identity is what IAM knows a pod by.
type identity struct{ cluster, namespace, serviceAccount string }

// allows reports whether a request of a pod is among those that b allows.
func (b app) allows(who identity, method, path string) bool {
	return slices.ContainsFunc(b.Allow, func(c caller) bool {
		return c.Cluster == who.cluster && c.Namespace == who.namespace && cmp.Or(c.ServiceAccount, who.serviceAccount) == who.serviceAccount &&
			(len(c.Methods) == 0 || slices.Contains(c.Methods, method)) &&
			(len(c.Paths) == 0 || slices.ContainsFunc(c.Paths, func(pattern string) bool { return matches(pattern, path) }))
	})
}

// matches reports whether a path is one of a pattern's, in which an asterisk
// stands for any text.
func matches(pattern, path string) bool {
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(path)
}

// narrowed are the requests of callers whose methods or paths are limited: each
// method with each path, and their neighbours.
func (b app) narrowed(url string) []call {
	var calls []call
	for _, c := range b.Allow {
		if len(c.Methods) == 0 && len(c.Paths) == 0 {
			continue
		}
		who := identity{c.Cluster, c.Namespace, cmp.Or(c.ServiceAccount, names.DefaultServiceAccount)}
		from := twincall.Caller{Cluster: who.cluster, Namespace: who.namespace, ServiceAccount: who.serviceAccount, Injected: true}
		methods, paths := []string{http.MethodGet}, []string{"/"}
		if len(c.Methods) > 0 {
			methods = append(slices.Clone(c.Methods), otherMethod(c.Methods))
		}
		if len(c.Paths) > 0 {
			paths = []string{"/elsewhere"}
			for _, pattern := range c.Paths {
				path := strings.ReplaceAll(pattern, "*", "x")
				paths = append(paths, path, "/elsewhere"+path)
			}
		}
		for _, method := range methods {
			for _, path := range paths {
				expect := report.Deny
				if b.allows(who, method, path) {
					expect = report.Allow
				}
				calls = append(calls, call{from: from, method: method, url: url + path, what: "method " + method, expect: expect})
			}
		}
	}
	return calls
}

// otherMethod returns a method that is not among those given, as far as there is one.
func otherMethod(methods []string) string {
	for _, m := range []string{http.MethodDelete, http.MethodPost, http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodHead} {
		if !slices.Contains(methods, m) {
			return m
		}
	}
	return http.MethodOptions
}
