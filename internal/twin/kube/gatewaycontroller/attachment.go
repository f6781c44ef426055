package gatewaycontroller

import (
	"slices"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

func parentRefs(route *api.Object) []obj.Map { return obj.Maps(route.Content, "spec", "parentRefs") }

// refTo returns the Gateway that a parentRef names, nil if it does not exist.
func (l *leader) refTo(route *api.Object, ref obj.Map) *api.Object {
	ns := obj.Str(ref, "namespace")
	if ns == "" {
		ns = route.Namespace
	}
	return l.mgr.API.Get(GatewayGroup, "Gateway", ns, obj.Str(ref, "name"))
}

// allRoutesOf are the routes that refer to a Gateway, also terminating ones.
func (l *leader) allRoutesOf(gw *api.Object) []*api.Object {
	var out []*api.Object
	for _, kind := range RouteKinds {
		for _, route := range l.mgr.API.List(GatewayGroup, kind, "") {
			if slices.ContainsFunc(parentRefs(route), func(ref obj.Map) bool { return l.refTo(route, ref) == gw }) {
				out = append(out, route)
			}
		}
	}
	return out
}

func (l *leader) routesOf(gw *api.Object) []*api.Object {
	return slices.DeleteFunc(l.allRoutesOf(gw), func(r *api.Object) bool { return r.Terminating() })
}

// parent is the first parent Gateway that the controller controls.
func (l *leader) parent(route *api.Object) *api.Object {
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
