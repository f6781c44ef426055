package gatewaycontroller

import (
	"fmt"
	"strings"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
)

// route is the reconcile function of the three kinds of routes.
func (l *leader) route(route *api.Object) {
	gw := l.parent(route)
	if gw == nil {
		l.mgr.Blame(route, LawRouteParent, "the route is not relevant to the controller: no Gateway of class %q among its parents",
			"amazon-vpc-lattice")
		return
	}
	class := l.class(gw)
	if route.Terminating() {
		route.DeletionDependsOn(gw.URN, LawRouteParent)
		route.DeletionDependsOn(class.URN, LawRouteParent)
		d, err := l.deployer(route)
		if err == nil {
			err = d.undeploy()
		}
		if err != nil {
			l.mgr.Fail(route, podidentity.LawControllerRuns, fmt.Errorf("failed to cleanup route %s, %s: %w", route.Name, route.Namespace, err))
			return
		}
		_ = l.mgr.API.Write(route, latticeManager, func(content obj.Map) { controller.RemoveFinalizer(content, routeFinalizer(route)) })
		return
	}
	_ = l.mgr.API.Write(route, latticeManager, func(content obj.Map) { controller.AddFinalizer(content, routeFinalizer(route)) })
	route.DependsOnObject(gw, LawRouteParent)
	if l.process.conflicts[route.UID()] == obj.Int(route.Content, "metadata", "generation") {
		return // not tried again
	}
	accepted := l.validateRoute(route, gw)
	if len(accepted) == 0 {
		return
	}
	l.mgr.Clear(route)
	d, err := l.deployer(route)
	if err == nil {
		err = d.deploy(gw, accepted)
	}
	if err != nil {
		l.routeFailed(route, err)
	}
}

// routeFailed writes the condition that the controller writes for an error.
func (l *leader) routeFailed(route *api.Object, err error) {
	l.mgr.Fail(route, LawRouteParent, err)
	reason := ""
	t, _ := l.mgr.Trouble(route.Key)
	switch t.Law.ID {
	case LawRouteConflict.ID:
		reason = "Conflicted"
		l.process.conflicts[route.UID()] = obj.Int(route.Content, "metadata", "generation")
	case LawCertificateFound.ID:
		reason = "CertificateNotFound"
	default:
		return
	}
	_ = l.mgr.API.Write(route, latticeManager, func(content obj.Map) {
		for _, p := range obj.Maps(content, "status", "parents") {
			l.mgr.SetCondition(route, p, controller.Condition{Type: "Accepted", Reason: reason, Message: controller.Message(err)}, "conditions")
		}
	})
}

// validateRoute writes the status of every parentRef and returns the accepted.
func (l *leader) validateRoute(route, gw *api.Object) []acceptance {
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
			l.mgr.Blame(route, broken, "%s", text)
		}
		status := obj.Map{"parentRef": obj.Copy(ref), "controllerName": controllerName}
		for _, old := range obj.Maps(route.Content, "status", "parents") {
			if obj.Str(old, "parentRef", "sectionName") == obj.Str(ref, "sectionName") && obj.Str(old, "parentRef", "name") == obj.Str(ref, "name") {
				status["conditions"] = obj.List(obj.Copy(old), "conditions")
			}
		}
		l.mgr.SetCondition(route, status, controller.Condition{Type: "Accepted", True: len(a.listeners) > 0, Reason: reason, Message: text},
			"conditions")
		l.mgr.SetCondition(route, status, resolved, "conditions")
		parents = append(parents, status)
	}
	_ = l.mgr.API.Write(route, latticeManager, func(content obj.Map) { obj.Set(content, parents, "status", "parents") })
	return accepted
}

// resolveRefs checks the backends as the condition ResolvedRefs tells.
func (l *leader) resolveRefs(route *api.Object) controller.Condition {
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
			if kind == "Service" && l.mgr.API.Get("", "Service", ns, obj.Str(ref, "name")) == nil {
				return failed("BackendNotFound", "backendRef name: "+obj.Str(ref, "name"))
			}
		}
	}
	return controller.Condition{Type: "ResolvedRefs", True: true, Reason: "ResolvedRefs"}
}

func routeFinalizer(route *api.Object) string { return strings.ToLower(route.Kind) + routeFinalizers }
