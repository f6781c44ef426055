package gatewaycontroller

import (
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

func (l *leader) classes() {
	for _, class := range l.mgr.API.List(GatewayGroup, "GatewayClass", "") {
		if obj.Str(class.Content, "spec", "controllerName") != controllerName {
			l.mgr.Blame(class, LawClass, "no controller of the name %q runs", obj.Str(class.Content, "spec", "controllerName"))
			continue
		}
		class.DependsOnObject(l.pod, LawClass)
		l.mgr.Clear(class)
		_ = l.mgr.API.Write(class, latticeManager, func(content obj.Map) {
			l.mgr.SetCondition(class, content, accepted, "status", "conditions")
		})
	}
}

// class returns the accepted class of a Gateway, nil when the controller does
// not care for the Gateway.
func (l *leader) class(gw *api.Object) *api.Object {
	class := l.mgr.API.Get(GatewayGroup, "GatewayClass", "", obj.Str(gw.Content, "spec", "gatewayClassName"))
	if class == nil || obj.Str(class.Content, "spec", "controllerName") != controllerName {
		return nil
	}
	return class
}
