package gatewaycontroller

import (
	"slices"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
)

// gateway is the reconcile function of Gateway.
func (l *leader) gateway(gw *api.Object) {
	class := l.class(gw)
	if class == nil {
		l.mgr.Blame(gw, LawClass, "GatewayClass %q does not exist or names another controller", obj.Str(gw.Content, "spec", "gatewayClassName"))
		return
	}
	if gw.Terminating() {
		l.deleteGateway(gw, class)
		return
	}
	_ = l.mgr.API.Write(gw, latticeManager, func(content obj.Map) { controller.AddFinalizer(content, gatewayFinalizer) })
	l.gatewayStatus(gw)
	if l.looked(gw, class.UID()) {
		return
	}
	gw.DependsOnObject(l.pod, podidentity.LawControllerRuns)
	gw.DependsOn(class.URN, LawClass)
	client, s, err := l.aws(gw)
	if err != nil {
		delete(l.process.seen, gw.Key) // an error is tried again
		l.mgr.Fail(gw, LawNetwork, err)
		return
	}
	networks, err := client.FindServiceNetworks(s.Principal, gw.Name)
	programmed, reason, text := false, "Pending", "VPC Lattice Service Network not found"
	switch {
	case err != nil:
		delete(l.process.seen, gw.Key)
		l.mgr.Fail(gw, LawNetwork, err)
		return
	case len(networks) > 1:
		reason, text = "Invalid", "Found multiple VPC Lattice Service Networks matching Gateway name. Either ensure only one Service Network "+
			"has a matching name, or use the Service Network's id as the Gateway name."
	case len(networks) == 1:
		programmed, reason, text = true, "Programmed", "aws-service-network-arn: "+networks[0].ARN
		gw.DependsOnNow(networks[0].URN, LawNetwork)
	}
	if programmed {
		l.mgr.Clear(gw)
	} else {
		l.mgr.Blame(gw, LawNetwork, "%s", text)
	}
	_ = l.mgr.API.Write(gw, latticeManager, func(content obj.Map) {
		l.mgr.SetCondition(gw, content, controller.Condition{Type: "Programmed", True: programmed, Reason: reason, Message: text}, "status",
			"conditions")
	})
}

// gatewayStatus writes acceptance, the listeners with their routes, and one
// route's name as the address.
func (l *leader) gatewayStatus(gw *api.Object) {
	routes := l.routesOf(gw)
	_ = l.mgr.API.Write(gw, latticeManager, func(content obj.Map) {
		l.mgr.SetCondition(gw, content, accepted, "status", "conditions")
		var listeners, addresses []any
		for _, listener := range obj.Maps(content, "spec", "listeners") {
			attached := int64(0)
			for _, route := range routes {
				if slices.ContainsFunc(parentRefs(route), func(ref obj.Map) bool { return refMatches(ref, listener) }) {
					attached++
				}
			}
			var kinds []any
			for _, kind := range kindsOf(listener) {
				kinds = append(kinds, obj.Map{"kind": kind})
			}
			status := obj.Map{"name": obj.Str(listener, "name"), "attachedRoutes": attached, "supportedKinds": kinds}
			for _, old := range obj.Maps(content, "status", "listeners") {
				if obj.Str(old, "name") == obj.Str(listener, "name") {
					status["conditions"] = obj.List(old, "conditions")
				}
			}
			for _, kind := range []string{"Accepted", "ResolvedRefs", "Programmed"} {
				l.mgr.SetCondition(gw, status, controller.Condition{Type: kind, True: true, Reason: kind}, "conditions")
			}
			listeners = append(listeners, status)
		}
		for _, route := range routes {
			if name := route.Annotation(assignedDomain); name != "" && len(addresses) == 0 {
				addresses = append(addresses, obj.Map{"type": "Hostname", "value": name})
			}
		}
		obj.Set(content, listeners, "status", "listeners")
		obj.Set(content, addresses, "status", "addresses")
	})
}

func (l *leader) deleteGateway(gw, class *api.Object) {
	if routes := l.allRoutesOf(gw); len(routes) > 0 {
		l.mgr.Blame(gw, LawGatewayRoutes, "cannot delete gateway %s/%s - found referencing route %s/%s", gw.Namespace, gw.Name,
			routes[0].Namespace, routes[0].Name)
		return
	}
	l.mgr.Clear(gw)
	gw.DeletionDependsOn(class.URN, LawClass)
	gw.DeletionDependsOn(l.pod.URN, podidentity.LawControllerRuns)
	for _, r := range l.pod.Dependencies {
		gw.DeletionDependsOn(r.URN, r.Law)
	}
	_ = l.mgr.API.Write(gw, latticeManager, func(content obj.Map) { controller.RemoveFinalizer(content, gatewayFinalizer) })
}
