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
	matched, hostname, kind := false, true, true
	for _, listener := range obj.Maps(gw.Content, "spec", "listeners") {
		if !refMatches(ref, listener) {
			continue
		}
		matched = true
		if !slices.Contains(kindsOf(listener), route.Kind) {
			kind = false
			continue
		}
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
	case !kind:
		return a, "NotAllowedByListeners", noListener, LawRouteKind
	case !hostname:
		return a, "NoMatchingListenerHostname", "No matching listener hostname for this route", LawRouteHostname
	}
	return a, "NotAllowedByListeners", noListener, LawRouteAllowed
}

const noListener = "No matching listeners allow this route. Check Gateway listener allowedRoutes policies"

// kindsOf are the kinds of routes that a listener takes.
func kindsOf(listener obj.Map) (kinds []string) {
	for _, k := range obj.Maps(listener, "allowedRoutes", "kinds") {
		kinds = append(kinds, obj.Str(k, "kind"))
	}
	if len(kinds) > 0 {
		return kinds
	}
	return map[string][]string{"HTTP": {"HTTPRoute"}, "HTTPS": {"HTTPRoute", "GRPCRoute"}, "TLS": {"TLSRoute"}}[obj.Str(listener, "protocol")]
}

// allowed evaluates the namespaces of a listener's allowedRoutes.
func (l *leader) allowed(route, gw *api.Object, listener obj.Map) bool {
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
