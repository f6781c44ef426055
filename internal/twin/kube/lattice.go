package kube

import (
	"fmt"
	"slices"
	"strconv"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawClassAccepted = law.New(law.Controller, "class-is-accepted-by-its-controller",
		"A GatewayClass is accepted by the running controller that it names, and by nobody else.",
		"https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass")
	lawGatewayNetwork = law.New(law.Controller, "gateway-needs-its-service-network",
		"A Gateway is programmed when exactly one service network has its name at the moment that the controller looks; the controller does not look again.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	lawGatewayRoutes = law.New(law.Controller, "gateway-outlives-its-routes",
		"The controller keeps a Gateway's finalizer while a route refers to it.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
	lawDefaultNetwork = law.New(law.Controller, "default-network-is-tried-once",
		"With defaultServiceNetwork the controller makes network and VPC association once, at its start, goes on without them on any error, and never deletes them.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/gateway_controller.go")
)

const (
	gatewayGroup     = "gateway.networking.k8s.io"
	latticeGroup     = "application-networking.k8s.aws"
	latticeManager   = "manager" // the controller's binary
	controllerName   = "application-networking.k8s.aws/gateway-api-controller"
	managedByTag     = "application-networking.k8s.aws/ManagedBy"
	gatewayFinalizer = "gateway.k8s.aws/resources"
)

// latticeController is the leader of the controller's pods during one pass.
type latticeController struct {
	*Cluster
	op      *world.Op
	pod     *api.Object
	process *process
}

// runLattice is one pass of the Gateway API controller over all its objects.
func (c *Cluster) runLattice(op *world.Op) {
	pod, p := c.running(charts.Lattice)
	if pod == nil {
		c.noController()
		return
	}
	l := &latticeController{c, op, pod, p}
	l.classes()
	for _, gw := range c.API.List(gatewayGroup, "Gateway", "") {
		l.gateway(gw)
	}
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute"} {
		for _, route := range c.API.List(gatewayGroup, kind, "") {
			l.route(route)
		}
	}
	for _, policy := range c.API.List(latticeGroup, "VpcAssociationPolicy", "") {
		l.vpcPolicy(policy)
	}
	for _, policy := range c.API.List(latticeGroup, "IAMAuthPolicy", "") {
		l.authPolicy(policy)
	}
}

// noController explains why nothing happens to the controller's objects.
func (c *Cluster) noController() {
	for _, kind := range []struct{ group, kind string }{
		{gatewayGroup, "GatewayClass"}, {gatewayGroup, "Gateway"}, {gatewayGroup, "HTTPRoute"}, {latticeGroup, "IAMAuthPolicy"}, {latticeGroup, "VpcAssociationPolicy"},
	} {
		for _, o := range c.API.List(kind.group, kind.kind, "") {
			c.blame(o, lawControllerRuns, "no controller runs that works on it")
		}
	}
}

// tags are what the controller marks everything in AWS with.
func (l *latticeController) tags() map[string]string {
	return map[string]string{managedByTag: l.owner()}
}

func (l *latticeController) owner() string {
	return fmt.Sprintf("%s/%s/%s", l.process.env["AWS_ACCOUNT_ID"], l.process.env["CLUSTER_NAME"], l.process.env["CLUSTER_VPC_ID"])
}

// aws returns VPC Lattice for the controller's work on an object, or why the
// controller cannot talk to AWS. What that takes is noted on the object.
func (l *latticeController) aws(o *api.Object) (*aws.Lattice, session, error) {
	s, err := l.session(l.pod)
	if err != nil {
		return nil, s, err
	}
	s.on(o)
	return l.all.account.Lattice(o.Maker), s, nil
}

func (l *latticeController) classes() {
	for _, class := range l.API.List(gatewayGroup, "GatewayClass", "") {
		if obj.Str(class.Content, "spec", "controllerName") != controllerName {
			l.blame(class, lawClassAccepted, "no controller of the name %q runs", obj.Str(class.Content, "spec", "controllerName"))
			continue
		}
		class.ReliesAs(l.pod, lawClassAccepted, false)
		l.clear(class)
		_ = l.API.Write(class, latticeManager, func(content obj.Map) {
			l.condition(content, []string{"status", "conditions"}, "Accepted", true, "Accepted", controllerName)
		})
	}
}

// class returns the accepted class of a Gateway, nil when the controller does
// not care for the Gateway.
func (l *latticeController) class(gw *api.Object) *api.Object {
	class := l.API.Get(gatewayGroup, "GatewayClass", "", obj.Str(gw.Content, "spec", "gatewayClassName"))
	if class == nil || obj.Str(class.Content, "spec", "controllerName") != controllerName {
		return nil
	}
	return class
}

// condition sets one condition of a list and keeps when it last changed.
func (c *Cluster) condition(content obj.Map, path []string, kind string, ok bool, reason, text string) {
	status := map[bool]string{true: "True", false: "False"}[ok]
	next := obj.Map{"type": kind, "status": status, "reason": reason, "message": text,
		"observedGeneration": obj.Int(content, "metadata", "generation"), "lastTransitionTime": c.all.world.Now().UTC().Format("2006-01-02T15:04:05Z")}
	list := obj.List(content, path...)
	for i, e := range list {
		if m, _ := e.(obj.Map); obj.Str(m, "type") == kind {
			if obj.Str(m, "status") == status {
				next["lastTransitionTime"] = m["lastTransitionTime"]
			}
			list[i] = next
			return
		}
	}
	obj.Set(content, append(list, next), path...)
}

// looked tells whether the process has dealt with this state of an object and
// has no reason to look again: the controller only wakes up for a change, and
// at its own start, unless a resync period is configured.
func (l *latticeController) looked(o *api.Object, state string) bool {
	if n, _ := strconv.Atoi(l.process.env["RECONCILE_DEFAULT_RESYNC_SECONDS"]); n >= 60 {
		return false
	}
	if l.process.seen == nil {
		l.process.seen = map[api.Key]string{}
	}
	state += " " + o.UID() + " " + strconv.FormatInt(obj.Int(o.Content, "metadata", "generation"), 10)
	if l.process.seen[o.Key] == state {
		return true
	}
	l.process.seen[o.Key] = state
	return false
}

func (l *latticeController) gateway(gw *api.Object) {
	class := l.class(gw)
	if class == nil {
		l.blame(gw, lawClassAccepted, "GatewayClass %q is not there or names another controller", obj.Str(gw.Content, "spec", "gatewayClassName"))
		return
	}
	if gw.Terminating() {
		l.deleteGateway(gw, class)
		return
	}
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) { addFinalizer(content, gatewayFinalizer) })
	l.gatewayStatus(gw)
	if l.looked(gw, class.UID()) {
		return
	}
	gw.ReliesAs(l.pod, lawControllerRuns, false)
	gw.Relies(class.Maker, lawClassAccepted, false)
	client, s, err := l.aws(gw)
	if err != nil {
		delete(l.process.seen, gw.Key) // an error is tried again
		l.fail(gw, lawGatewayNetwork, err)
		return
	}
	networks, err := client.FindServiceNetworks(s.Principal, gw.Name)
	programmed, reason, text := false, "Pending", "VPC Lattice Service Network not found"
	switch {
	case err != nil:
		delete(l.process.seen, gw.Key)
		l.fail(gw, lawGatewayNetwork, err)
		return
	case len(networks) > 1:
		reason, text = "Invalid", "Found multiple VPC Lattice Service Networks matching Gateway name. Either ensure only one Service Network has a matching name, or use the Service Network's id as the Gateway name."
	case len(networks) == 1:
		programmed, reason, text = true, "Programmed", "aws-service-network-arn: "+networks[0].ARN
		gw.Relies(networks[0].URN, lawGatewayNetwork, true)
	}
	if programmed {
		l.clear(gw)
	} else {
		l.blame(gw, lawGatewayNetwork, "%s", text)
	}
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) {
		l.condition(content, []string{"status", "conditions"}, "Programmed", programmed, reason, text)
	})
}

// gatewayStatus writes acceptance, the listeners with their routes, and one
// route's name as the address.
func (l *latticeController) gatewayStatus(gw *api.Object) {
	routes := l.routesOf(gw)
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) {
		l.condition(content, []string{"status", "conditions"}, "Accepted", true, "Accepted", controllerName)
		var listeners, addresses []any
		for _, listener := range obj.Maps(content, "spec", "listeners") {
			attached := int64(0)
			for _, route := range routes {
				if slices.ContainsFunc(parentRefs(route), func(ref obj.Map) bool { return refMatches(ref, listener) }) {
					attached++
				}
			}
			status := obj.Map{"metadata": content["metadata"], "name": obj.Str(listener, "name"), "attachedRoutes": attached, "supportedKinds": []any{
				obj.Map{"group": gatewayGroup, "kind": "HTTPRoute"}, obj.Map{"group": gatewayGroup, "kind": "GRPCRoute"}}}
			for _, old := range obj.Maps(content, "status", "listeners") {
				if obj.Str(old, "name") == obj.Str(listener, "name") {
					status["conditions"] = obj.List(old, "conditions")
				}
			}
			for _, kind := range []string{"Accepted", "ResolvedRefs", "Programmed"} {
				l.condition(status, []string{"conditions"}, kind, true, kind, "")
			}
			delete(status, "metadata")
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
		l.blame(gw, lawGatewayRoutes, "cannot delete gateway %s/%s - found referencing route %s/%s", gw.Namespace, gw.Name, routes[0].Namespace, routes[0].Name)
		return
	}
	l.clear(gw)
	gw.PartsBy(class.Maker, lawClassAccepted)
	gw.PartsBy(l.pod.Maker, lawControllerRuns)
	for _, r := range l.pod.Reliance {
		gw.PartsBy(r.URN, r.Law)
	}
	_ = l.API.Write(gw, latticeManager, func(content obj.Map) { removeFinalizer(content, gatewayFinalizer) })
}

func addFinalizer(content obj.Map, name string) {
	list := obj.Strings(content, "metadata", "finalizers")
	if !slices.Contains(list, name) {
		obj.Set(content, append(obj.List(content, "metadata", "finalizers"), name), "metadata", "finalizers")
	}
}

func removeFinalizer(content obj.Map, name string) {
	var left []any
	for _, f := range obj.Strings(content, "metadata", "finalizers") {
		if f != name {
			left = append(left, f)
		}
	}
	if len(left) == 0 {
		obj.Delete(content, "metadata", "finalizers")
		return
	}
	obj.Set(content, left, "metadata", "finalizers")
}

// setupDefaultNetwork is what the controller does at its start, and only then.
func (c *Cluster) setupDefaultNetwork(pod *api.Object, p *process) {
	name := p.env["DEFAULT_SERVICE_NETWORK"]
	if name == "" {
		return
	}
	skip := func(err error) {
		c.all.warn(fmt.Sprintf("%s: could not setup default service network %s, proceeding without it - %s", podID(pod), name, message(err)))
	}
	s, err := c.session(pod)
	if err != nil {
		skip(err)
		return
	}
	l := &latticeController{Cluster: c, process: p}
	client := c.all.account.Lattice(pod.Maker)
	op := &world.Op{URN: pod.Maker, Kind: world.Create}
	networks, err := client.FindServiceNetworks(s.Principal, name)
	if err == nil && len(networks) == 0 {
		var sn *aws.ServiceNetwork
		// What the controller makes for itself no program owns: it is left over.
		if sn, err = c.all.account.Lattice(strayURN).CreateServiceNetwork(op, s.Principal, name, l.tags()); err == nil {
			networks = []*aws.ServiceNetwork{sn}
		}
	}
	if err != nil || len(networks) != 1 {
		skip(fmt.Errorf("%d networks of that name: %w", len(networks), err))
		return
	}
	have, err := client.VPCAssociations(s.Principal, networks[0].ID, p.env["CLUSTER_VPC_ID"])
	if err == nil && len(have) == 0 {
		_, err = c.all.account.Lattice(strayURN).AssociateVPC(op, s.Principal, networks[0].ID, p.env["CLUSTER_VPC_ID"], nil, l.tags())
	}
	if err != nil {
		skip(err)
	}
}

// strayURN marks what a controller made without any Pulumi resource behind it.
const strayURN = ""
