package gatewaycontroller

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

// acceptance is a parentRef with the listeners that take the route through it.
type acceptance struct{ listeners []obj.Map }

func (l *leader) accept(route, gw *api.Object, ref obj.Map) (acceptance, string, string, law.Law) {
	var a acceptance
	matched, hostname := false, true
	for _, listener := range obj.Maps(gw.Content, "spec", "listeners") {
		if !refMatches(ref, listener) {
			continue
		}
		matched = true
		if !hostnamesIntersect(obj.Strings(route.Content, "spec", "hostnames"), obj.Str(listener, "hostname")) {
			hostname = false
			continue
		}
		if l.allowed(route, gw, listener) {
			a.listeners = append(a.listeners, listener)
		}
	}
	switch {
	case len(a.listeners) > 0:
		return a, "Accepted", "", law.Law{}
	case !matched:
		return a, "NoMatchingParent", fmt.Sprintf("no listener %q on Gateway %s/%s", obj.Str(ref, "sectionName"), gw.Namespace, gw.Name),
			LawRouteListener
	case !hostname:
		return a, "NoMatchingListenerHostname", "No matching listener hostname for this route", LawRouteHostname
	}
	return a, "NotAllowedByListeners", "No matching listeners allow this route. Check Gateway listener allowedRoutes policies", LawRouteAllowed
}

// allowed evaluates allowedRoutes of a listener: namespaces and kinds.
func (l *leader) allowed(route, gw *api.Object, listener obj.Map) bool {
	if kinds := obj.Maps(listener, "allowedRoutes", "kinds"); len(kinds) > 0 &&
		!slices.ContainsFunc(kinds, func(k obj.Map) bool { return obj.Str(k, "kind") == route.Kind }) {
		return false
	}
	switch obj.Str(listener, "allowedRoutes", "namespaces", "from") {
	case "All":
		return true
	case "Selector":
		ns := l.mgr.API.Get("", "Namespace", "", route.Namespace)
		return ns != nil && obj.Selects(obj.At(listener, "allowedRoutes", "namespaces", "selector"), ns.Labels())
	}
	return route.Namespace == gw.Namespace
}

// hostnamesIntersect: https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec
func hostnamesIntersect(hostnames []string, listener string) bool {
	if listener == "" || len(hostnames) == 0 {
		return true
	}
	return slices.ContainsFunc(hostnames, func(h string) bool {
		return h == listener || wildcardCovers(listener, h) || wildcardCovers(h, listener)
	})
}

func wildcardCovers(wildcard, host string) bool {
	suffix, ok := strings.CutPrefix(wildcard, "*")
	return ok && strings.HasSuffix(host, suffix) && host != suffix
}
