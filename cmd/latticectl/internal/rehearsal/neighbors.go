package rehearsal

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"eks-lattice/cmd/latticectl/internal/report"
	"eks-lattice/internal/names"
	twincall "eks-lattice/internal/twin/kube/call"
)

// neighbors are, for each entry of an app's allow, the requests that it admits
// and those next to them, which differ in one thing. cluster is the app's own.
// What the pods of apps request is in the matrix already, unless it is limited.
func (b app) neighbors(cluster, url string, pods map[identity]bool) []call {
	var calls []call
	add := func(from twincall.Caller, method, path, what string, unknown bool) {
		if b.Protocol == names.ProtocolGRPC { // which knows one method only
			method = http.MethodPost
		}
		c := call{from: from, method: method, url: url, what: what, expect: report.Deny}
		if path != "/" {
			c.url += path
		}
		if !unknown && b.allows(identityOf(from), method, path) {
			c.expect = report.Allow
		}
		calls = append(calls, c)
	}
	for _, c := range b.Allow {
		from := c.example(cluster)
		methods, paths := c.requests()
		for _, s := range c.strangers(from) {
			add(s.from, methods[0], paths[0], s.what, s.unknown)
		}
		if len(c.Methods) == 0 && len(c.Paths) == 0 {
			if !c.isOneOf(pods) {
				add(from, methods[0], paths[0], "allowed", false)
			}
			continue
		}
		for _, method := range append(methods, c.otherMethods()...) {
			for _, path := range append(paths, c.otherPaths()...) {
				add(from, method, path, "method "+method, false)
			}
		}
	}
	return calls
}

// example is somebody whom the entry names. One with a role calls from the VPC of
// a cluster.
func (c caller) example(cluster string) twincall.Caller {
	if c.Role != "" {
		return twincall.Caller{Cluster: cluster, Outside: true, Role: c.Role}
	}
	return twincall.Caller{
		Cluster: c.Cluster, Namespace: c.Namespace, ServiceAccount: cmp.Or(c.ServiceAccount, names.DefaultServiceAccount), Injected: true,
	}
}

// isOneOf reports whether one of the pods is the caller.
func (c caller) isOneOf(pods map[identity]bool) bool {
	for pod := range pods {
		if c.admits(pod) {
			return true
		}
	}
	return false
}

// requests are the methods and an example of each path that an entry allows.
func (c caller) requests() (methods, paths []string) {
	methods, paths = []string{http.MethodGet}, []string{"/"}
	if len(c.Methods) > 0 {
		methods = slices.Clone(c.Methods)
	}
	if len(c.Paths) > 0 {
		paths = nil
		for _, pattern := range c.Paths {
			paths = append(paths, strings.ReplaceAll(pattern, "*", "x"))
		}
	}
	return methods, paths
}

// otherMethods is a method that the entry does not allow, as far as there is one.
func (c caller) otherMethods() []string {
	if len(c.Methods) == 0 {
		return nil
	}
	for _, m := range []string{http.MethodDelete, http.MethodPost, http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodHead} {
		if !slices.Contains(c.Methods, m) {
			return []string{m}
		}
	}
	return []string{http.MethodOptions}
}

// otherPaths are paths that come close to those of the entry.
func (c caller) otherPaths() []string {
	if len(c.Paths) == 0 {
		return nil
	}
	paths := []string{"/elsewhere"}
	for _, pattern := range c.Paths {
		paths = append(paths, "/elsewhere"+strings.ReplaceAll(pattern, "*", "x"))
	}
	return paths
}

// stranger is a caller that comes close to that of an entry.
type stranger struct {
	what string
	from twincall.Caller
	// unknown is a caller whose identity no entry can name.
	unknown bool
}

// strangers differ from an entry's caller in one thing.
func (c caller) strangers(from twincall.Caller) []stranger {
	if c.Role != "" {
		unsigned, other, abroad := from, from, from
		unsigned.Role, other.Role, abroad.Role = "", from.Role+"2", inOtherAccount(from.Role)
		return []stranger{
			{what: "without a signature", from: unsigned, unknown: true},
			{what: "another role", from: other},
			{what: "a role of the same name in another account", from: abroad, unknown: true},
		}
	}
	plain, elsewhere, namesake, other := from, from, from, from
	plain.Injected, elsewhere.Namespace, namesake.Elsewhere, other.ServiceAccount = false, "elsewhere", true, "other"
	found := []stranger{
		{what: "without the annotation", from: plain, unknown: true},
		{what: "another namespace", from: elsewhere},
		{what: "a cluster of the same name in another account", from: namesake, unknown: true},
	}
	if c.ServiceAccount != "" {
		found = append(found, stranger{what: "another service account", from: other})
	}
	return found
}

// inOtherAccount is the ARN of a role of the same name in another account.
func inOtherAccount(role string) string {
	parts := strings.Split(role, ":")
	if len(parts) < 5 {
		return role
	}
	parts[4] = "210987654321"
	return strings.Join(parts, ":")
}
