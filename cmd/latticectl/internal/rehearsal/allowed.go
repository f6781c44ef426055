package rehearsal

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	twincall "eks-lattice/internal/twin/kube/call"
)

// identity is what IAM knows a caller by: a pod, or a role.
type identity struct{ cluster, namespace, serviceAccount, role string }

func identityOf(c twincall.Caller) identity {
	if c.Outside {
		return identity{role: c.Role}
	}
	return identity{cluster: c.Cluster, namespace: c.Namespace, serviceAccount: c.ServiceAccount}
}

// allows reports whether a request is among those that b allows.
func (b app) allows(who identity, method, path string) bool {
	return slices.ContainsFunc(b.Allow, func(c caller) bool {
		return c.admits(who) && (len(c.Methods) == 0 || slices.Contains(c.Methods, method)) &&
			(len(c.Paths) == 0 || slices.ContainsFunc(c.Paths, func(pattern string) bool { return matches(pattern, path) }))
	})
}

// admits reports whether somebody is the caller, whatever the request.
func (c caller) admits(who identity) bool {
	return c.Role == who.role && c.Cluster == who.cluster && c.Namespace == who.namespace &&
		cmp.Or(c.ServiceAccount, who.serviceAccount) == who.serviceAccount
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
