package kube

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/law"
)

var (
	lawRouteParent = law.New(law.Controller, "route-needs-its-gateway",
		"The controller works on a route, also on its deletion, only while a Gateway of a class of its own is among the parents; else the finalizer stays.",
		"https://github.com/aws/aws-application-networking-k8s/issues/115")
	lawRouteAllowed = law.New(law.Controller, "listeners-choose-namespaces",
		"A listener takes routes only from the namespaces that allowedRoutes selects: the namespace needs the label.",
		"https://github.com/aws/aws-application-networking-k8s/pull/845")
	lawRouteListener = law.New(law.Controller, "route-names-a-listener",
		"sectionName and port of a parentRef must match a listener of the Gateway.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#parentreference")
	lawRouteHostname = law.New(law.Controller, "hostnames-intersect",
		"A route is accepted by a listener whose hostname, perhaps with a wildcard, covers one of the route's.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#listener")
	lawRouteConflict = law.New(law.Controller, "service-names-have-no-cluster",
		"Route and namespace alone name the Lattice service: the same pair in a second cluster is a conflict, which the controller does not try again.",
		"https://github.com/aws/aws-application-networking-k8s/issues/453")
	lawRouteBackend = law.New(law.Controller, "route-targets-are-pods",
		"A route's target groups hold the addresses of the ready pods behind its Services.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/concepts/concepts/")
	lawDNSEndpoint = law.New(law.Controller, "dnsendpoint-crd-comes-before-the-controller",
		"The controller makes DNSEndpoints only when their CRD was served at its start.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/guides/custom-domain-name/")
)

const (
	assignedDomain  = "application-networking.k8s.aws/lattice-assigned-domain-name"
	serviceARN      = "application-networking.k8s.aws/lattice-service-arn"
	certificateTLS  = "application-networking.k8s.aws/certificate-arn"
	nameOverride    = "application-networking.k8s.aws/service-name-override"
	allowTakeover   = "application-networking.k8s.aws/allow-takeover-from"
	extraTags       = "application-networking.k8s.aws/tags"
	routeNameTag    = "application-networking.k8s.aws/RouteName"
	routeSpaceTag   = "application-networking.k8s.aws/RouteNamespace"
	routeTypeTag    = "application-networking.k8s.aws/RouteType"
	fixedNotFound   = 404
	routeFinalizers = ".k8s.aws/resources"
)

func routeFinalizer(route *api.Object) string { return strings.ToLower(route.Kind) + routeFinalizers }

func parentRefs(route *api.Object) []obj.Map { return obj.Maps(route.Content, "spec", "parentRefs") }

// refTo returns the Gateway that a parentRef names, if it is there.
func (l *latticeController) refTo(route *api.Object, ref obj.Map) *api.Object {
	ns := obj.Str(ref, "namespace")
	if ns == "" {
		ns = route.Namespace
	}
	return l.API.Get(gatewayGroup, "Gateway", ns, obj.Str(ref, "name"))
}

// allRoutesOf are the routes that refer to a Gateway, also terminating ones.
func (l *latticeController) allRoutesOf(gw *api.Object) []*api.Object {
	var out []*api.Object
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute"} {
		for _, route := range l.API.List(gatewayGroup, kind, "") {
			if slices.ContainsFunc(parentRefs(route), func(ref obj.Map) bool { return l.refTo(route, ref) == gw }) {
				out = append(out, route)
			}
		}
	}
	return out
}

func (l *latticeController) routesOf(gw *api.Object) []*api.Object {
	return slices.DeleteFunc(l.allRoutesOf(gw), func(r *api.Object) bool { return r.Terminating() })
}

// parent is the first parent Gateway that the controller controls.
func (l *latticeController) parent(route *api.Object) *api.Object {
	for _, ref := range parentRefs(route) {
		if gw := l.refTo(route, ref); gw != nil && l.class(gw) != nil {
			return gw
		}
	}
	return nil
}

func refMatches(ref, listener obj.Map) bool {
	if p := ref["port"]; p != nil && obj.Int(ref, "port") != obj.Int(listener, "port") {
		return false
	}
	s := obj.Str(ref, "sectionName")
	return s == "" || s == obj.Str(listener, "name")
}

// route is the reconcile function of the three kinds of routes.
func (l *latticeController) route(route *api.Object) {
	gw := l.parent(route)
	if gw == nil {
		l.Blame(route, lawRouteParent, "the route is not relevant to the controller: no Gateway of class %q among its parents", "amazon-vpc-lattice")
		return
	}
	class := l.class(gw)
	if route.Terminating() {
		route.DeletionDependsOn(gw.URN, lawRouteParent)
		route.DeletionDependsOn(class.URN, lawRouteParent)
		if err := l.undeploy(route); err != nil {
			l.Fail(route, podidentity.LawControllerRuns, fmt.Errorf("failed to cleanup route %s, %s: %w", route.Name, route.Namespace, err))
			return
		}
		_ = l.API.Write(route, latticeManager, func(content obj.Map) { controller.RemoveFinalizer(content, routeFinalizer(route)) })
		return
	}
	_ = l.API.Write(route, latticeManager, func(content obj.Map) { controller.AddFinalizer(content, routeFinalizer(route)) })
	route.DependsOnObject(gw, lawRouteParent)
	if l.process.conflicts[route.UID()] == obj.Int(route.Content, "metadata", "generation") {
		return // not tried again
	}
	accepted := l.validateRoute(route, gw)
	if len(accepted) == 0 {
		return
	}
	if err := l.deploy(route, gw, accepted); err != nil {
		l.routeFailed(route, err)
		return
	}
	l.Clear(route)
}

// routeFailed writes the condition that the controller writes for an error.
func (l *latticeController) routeFailed(route *api.Object, err error) {
	l.Fail(route, lawRouteParent, err)
	reason := ""
	t, _ := l.Trouble(route.Key)
	switch t.Law.ID {
	case lawRouteConflict.ID:
		reason = "Conflicted"
		if l.process.conflicts == nil {
			l.process.conflicts = map[string]int64{}
		}
		l.process.conflicts[route.UID()] = obj.Int(route.Content, "metadata", "generation")
	case lawCertificateFound.ID:
		reason = "CertificateNotFound"
	default:
		return
	}
	_ = l.API.Write(route, latticeManager, func(content obj.Map) {
		for _, p := range obj.Maps(content, "status", "parents") {
			l.SetCondition(route, p, controller.Condition{Type: "Accepted", Reason: reason, Message: controller.Message(err)}, "conditions")
		}
	})
}

// acceptance is a parentRef with the listeners that take the route through it.
type acceptance struct{ listeners []obj.Map }

// validateRoute writes the status of every parentRef and returns the accepted.
func (l *latticeController) validateRoute(route, gw *api.Object) []acceptance {
	resolved := l.resolveRefs(route)
	var parents []any
	var accepted []acceptance
	for _, ref := range parentRefs(route) {
		if l.refTo(route, ref) == nil {
			continue // ignored, also when it is not a Gateway
		}
		a, reason, text, broken := l.accept(route, gw, ref)
		if len(a.listeners) > 0 {
			accepted = append(accepted, a)
		} else {
			l.Blame(route, broken, "%s", text)
		}
		status := obj.Map{"parentRef": obj.Copy(ref), "controllerName": controllerName}
		for _, old := range obj.Maps(route.Content, "status", "parents") {
			if obj.Str(old, "parentRef", "sectionName") == obj.Str(ref, "sectionName") && obj.Str(old, "parentRef", "name") == obj.Str(ref, "name") {
				status["conditions"] = obj.List(obj.Copy(old), "conditions")
			}
		}
		l.SetCondition(route, status, controller.Condition{Type: "Accepted", True: len(a.listeners) > 0, Reason: reason, Message: text}, "conditions")
		l.SetCondition(route, status, resolved, "conditions")
		parents = append(parents, status)
	}
	_ = l.API.Write(route, latticeManager, func(content obj.Map) { obj.Set(content, parents, "status", "parents") })
	return accepted
}

func (l *latticeController) accept(route, gw *api.Object, ref obj.Map) (acceptance, string, string, law.Law) {
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
		return a, "NoMatchingParent", fmt.Sprintf("no listener %q on Gateway %s/%s", obj.Str(ref, "sectionName"), gw.Namespace, gw.Name), lawRouteListener
	case !hostname:
		return a, "NoMatchingListenerHostname", "No matching listener hostname for this route", lawRouteHostname
	}
	return a, "NotAllowedByListeners", "No matching listeners allow this route. Check Gateway listener allowedRoutes policies", lawRouteAllowed
}

// allowed evaluates allowedRoutes of a listener: namespaces and kinds.
func (l *latticeController) allowed(route, gw *api.Object, listener obj.Map) bool {
	if kinds := obj.Maps(listener, "allowedRoutes", "kinds"); len(kinds) > 0 &&
		!slices.ContainsFunc(kinds, func(k obj.Map) bool { return obj.Str(k, "kind") == route.Kind }) {
		return false
	}
	switch obj.Str(listener, "allowedRoutes", "namespaces", "from") {
	case "All":
		return true
	case "Selector":
		ns := l.API.Get("", "Namespace", "", route.Namespace)
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

// resolveRefs checks the backends as the condition ResolvedRefs tells.
func (l *latticeController) resolveRefs(route *api.Object) controller.Condition {
	failed := func(reason, text string) controller.Condition {
		return controller.Condition{Type: "ResolvedRefs", Reason: reason, Message: text}
	}
	for _, rule := range obj.Maps(route.Content, "spec", "rules") {
		for _, ref := range obj.Maps(rule, "backendRefs") {
			kind, ns := obj.Str(ref, "kind"), obj.Str(ref, "namespace")
			if kind == "" {
				kind = "Service"
			}
			if ns == "" {
				ns = route.Namespace
			}
			if kind != "Service" && kind != "ServiceImport" {
				return failed("InvalidKind", kind)
			}
			if kind == "Service" && l.API.Get("", "Service", ns, obj.Str(ref, "name")) == nil {
				return failed("BackendNotFound", "backendRef name: "+obj.Str(ref, "name"))
			}
		}
	}
	return controller.Condition{Type: "ResolvedRefs", True: true, Reason: "ResolvedRefs"}
}
