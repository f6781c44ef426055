package kube

import (
	"fmt"
	"slices"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

// gateway is the reconcile function of Gateway.
func (l *latticeController) gateway(gw *api.Object) {
	class := l.class(gw)
	if class == nil {
		l.Blame(gw, lawClassAccepted, "GatewayClass %q is not there or names another controller", obj.Str(gw.Content, "spec", "gatewayClassName"))
		return
	}
	if gw.Terminating() {
		l.deleteGateway(gw, class)
		return
	}
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) { controller.AddFinalizer(content, gatewayFinalizer) })
	l.gatewayStatus(gw)
	if l.looked(gw, class.UID()) {
		return
	}
	gw.DependsOnObject(l.pod, podidentity.LawControllerRuns)
	gw.DependsOn(class.URN, lawClassAccepted)
	client, s, err := l.aws(gw)
	if err != nil {
		delete(l.process.seen, gw.Key) // an error is tried again
		l.Fail(gw, lawGatewayNetwork, err)
		return
	}
	networks, err := client.FindServiceNetworks(s.Principal, gw.Name)
	programmed, reason, text := false, "Pending", "VPC Lattice Service Network not found"
	switch {
	case err != nil:
		delete(l.process.seen, gw.Key)
		l.Fail(gw, lawGatewayNetwork, err)
		return
	case len(networks) > 1:
		reason, text = "Invalid", "Found multiple VPC Lattice Service Networks matching Gateway name. Either ensure only one Service Network has a matching name, or use the Service Network's id as the Gateway name."
	case len(networks) == 1:
		programmed, reason, text = true, "Programmed", "aws-service-network-arn: "+networks[0].ARN
		gw.DependsOnNow(networks[0].URN, lawGatewayNetwork)
	}
	if programmed {
		l.Clear(gw)
	} else {
		l.Blame(gw, lawGatewayNetwork, "%s", text)
	}
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) {
		l.SetCondition(gw, content, controller.Condition{Type: "Programmed", True: programmed, Reason: reason, Message: text}, "status", "conditions")
	})
}

// gatewayStatus writes acceptance, the listeners with their routes, and one
// route's name as the address.
func (l *latticeController) gatewayStatus(gw *api.Object) {
	routes := l.routesOf(gw)
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) {
		l.SetCondition(gw, content, accepted, "status", "conditions")
		var listeners, addresses []any
		for _, listener := range obj.Maps(content, "spec", "listeners") {
			attached := int64(0)
			for _, route := range routes {
				if slices.ContainsFunc(parentRefs(route), func(ref obj.Map) bool { return refMatches(ref, listener) }) {
					attached++
				}
			}
			status := obj.Map{"name": obj.Str(listener, "name"), "attachedRoutes": attached, "supportedKinds": []any{
				obj.Map{"group": gatewayGroup, "kind": "HTTPRoute"}, obj.Map{"group": gatewayGroup, "kind": "GRPCRoute"}}}
			for _, old := range obj.Maps(content, "status", "listeners") {
				if obj.Str(old, "name") == obj.Str(listener, "name") {
					status["conditions"] = obj.List(old, "conditions")
				}
			}
			for _, kind := range []string{"Accepted", "ResolvedRefs", "Programmed"} {
				l.SetCondition(gw, status, controller.Condition{Type: kind, True: true, Reason: kind}, "conditions")
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

func (l *latticeController) deleteGateway(gw, class *api.Object) {
	if routes := l.allRoutesOf(gw); len(routes) > 0 {
		l.Blame(gw, lawGatewayRoutes, "cannot delete gateway %s/%s - found referencing route %s/%s", gw.Namespace, gw.Name, routes[0].Namespace, routes[0].Name)
		return
	}
	l.Clear(gw)
	gw.DeletionDependsOn(class.URN, lawClassAccepted)
	gw.DeletionDependsOn(l.pod.URN, podidentity.LawControllerRuns)
	for _, r := range l.pod.Dependencies {
		gw.DeletionDependsOn(r.URN, r.Law)
	}
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) { controller.RemoveFinalizer(content, gatewayFinalizer) })
}

// setupDefaultNetwork is what the controller does at its start, and only then.
func (c *Cluster) setupDefaultNetwork(pod *api.Object, p *process) {
	name := p.Env["DEFAULT_SERVICE_NETWORK"]
	if name == "" {
		return
	}
	skip := func(err error) {
		c.Warn(lawDefaultNetwork, "%s: could not setup default service network %s, proceeding without it - %s", pod.Path(), name, controller.Message(err))
	}
	s, err := c.identity.Session(pod)
	if err != nil {
		skip(err)
		return
	}
	l := &latticeController{Cluster: c, process: p}
	client := c.Account.Lattice(pod.URN)
	op := &world.Op{URN: pod.URN, Action: world.Create}
	networks, err := client.FindServiceNetworks(s.Principal, name)
	if err == nil && len(networks) == 0 {
		var sn *aws.ServiceNetwork
		// What the controller makes for itself no program owns: it is left over.
		if sn, err = c.Account.Lattice(strayURN).CreateServiceNetwork(op, s.Principal, name, l.tags()); err == nil {
			networks = []*aws.ServiceNetwork{sn}
		}
	}
	if err != nil || len(networks) != 1 {
		skip(fmt.Errorf("%d networks of that name: %w", len(networks), err))
		return
	}
	have, err := client.VPCAssociations(s.Principal, networks[0].ID, p.Env["CLUSTER_VPC_ID"])
	if err == nil && len(have) == 0 {
		_, err = c.Account.Lattice(strayURN).AssociateVPC(op, s.Principal, networks[0].ID, p.Env["CLUSTER_VPC_ID"], nil, l.tags())
	}
	if err != nil {
		skip(err)
	}
}

// strayURN marks what a controller made without any Pulumi resource behind it.
const strayURN = ""
