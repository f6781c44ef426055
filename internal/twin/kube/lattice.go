package kube

import (
	"fmt"
	"strconv"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
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
	tagPrefix        = "application-networking.k8s.aws/"
	managedByTag     = tagPrefix + "ManagedBy"
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
	pod, p := c.running(latticeProgram{c})
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
			c.Blame(o, podidentity.LawControllerRuns, "no controller runs that works on it")
		}
	}
}

// tags are what the controller marks everything in AWS with.
func (l *latticeController) tags() map[string]string {
	return map[string]string{managedByTag: l.owner()}
}

func (l *latticeController) owner() string {
	return fmt.Sprintf("%s/%s/%s", l.process.Env["AWS_ACCOUNT_ID"], l.process.Env["CLUSTER_NAME"], l.process.Env["CLUSTER_VPC_ID"])
}

// aws returns VPC Lattice for the controller's work on an object, or why the
// controller cannot talk to AWS. What that takes is noted on the object.
func (l *latticeController) aws(o *api.Object) (*aws.Lattice, podidentity.Session, error) {
	s, err := l.identity.Session(l.pod)
	if err != nil {
		return nil, s, err
	}
	s.On(o)
	return l.Account.Lattice(o.URN), s, nil
}

func (l *latticeController) classes() {
	for _, class := range l.API.List(gatewayGroup, "GatewayClass", "") {
		if obj.Str(class.Content, "spec", "controllerName") != controllerName {
			l.Blame(class, lawClassAccepted, "no controller of the name %q runs", obj.Str(class.Content, "spec", "controllerName"))
			continue
		}
		class.DependsOnObject(l.pod, lawClassAccepted)
		l.Clear(class)
		_ = l.API.Write(class, latticeManager, func(content obj.Map) {
			l.SetCondition(class, content, accepted, "status", "conditions")
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

// accepted is the condition of an object that the controller works on.
var accepted = controller.Condition{Type: "Accepted", True: true, Reason: "Accepted", Message: controllerName}

// looked tells whether the process has dealt with this state of an object and
// has no reason to look again: the controller only wakes up for a change, and
// at its own start, unless a resync period is configured.
func (l *latticeController) looked(o *api.Object, state string) bool {
	if n, _ := strconv.Atoi(l.process.Env["RECONCILE_DEFAULT_RESYNC_SECONDS"]); n >= 60 {
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
