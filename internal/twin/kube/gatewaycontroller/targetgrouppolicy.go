package gatewaycontroller

import (
	"cmp"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
)

// targetGroupPolicy is the reconcile function of TargetGroupPolicy, which only says
// whether the routes take it into account.
func (p policies) targetGroupPolicy(policy *api.Object) {
	policy.DependsOnObject(p.pod, podidentity.LawControllerRuns)
	target, kind := p.target(policy), obj.Str(policy.Content, "spec", "targetRef", "kind")
	c := controller.Condition{Type: "Accepted", True: true, Reason: "Accepted"}
	switch {
	case kind != "Service" && kind != "ServiceExport":
		c = controller.Condition{Type: "Accepted", Reason: "Invalid", Message: "not supported GroupKind=/" + kind}
	case target == nil:
		c = controller.Condition{Type: "Accepted", Reason: "TargetNotFound",
			Message: "targetRef not found, target=" + policy.Namespace + "/" + obj.Str(policy.Content, "spec", "targetRef", "name")}
	case p.older(policy, target) != nil:
		c = controller.Condition{Type: "Accepted", Reason: "Conflicted",
			Message: "targetRef has conflict, policy=" + p.older(policy, target).Name}
	}
	_ = p.mgr.API.Write(policy, latticeManager, func(content obj.Map) { p.mgr.SetCondition(policy, content, c, "status", "conditions") })
	if !c.True {
		p.mgr.Blame(policy, LawTargetGroupPolicy, "%s", c.Message)
		return
	}
	policy.DependsOnObject(target, LawTargetGroupPolicy)
	p.mgr.Clear(policy)
}

// older finds a policy of the same kind that has the target before this one.
func (p policies) older(policy, target *api.Object) *api.Object {
	for _, other := range p.mgr.API.List(LatticeGroup, policy.Kind, policy.Namespace) {
		if other == policy || other.Terminating() || p.target(other) != target {
			continue
		}
		mine, theirs := obj.Str(policy.Content, "metadata", "creationTimestamp"), obj.Str(other.Content, "metadata", "creationTimestamp")
		if cmp.Or(cmp.Compare(theirs, mine), cmp.Compare(other.Name, policy.Name)) < 0 {
			return other
		}
	}
	return nil
}

// targetGroupConfig is what the accepted policy of a Service says, or the default.
func (l *leader) targetGroupConfig(service *api.Object, kind string) (protocol, version string, check vpclattice.HealthCheck) {
	protocol, version = "HTTP", protocolVersions[kind]
	var policy obj.Map
	for _, o := range l.mgr.API.List(LatticeGroup, "TargetGroupPolicy", service.Namespace) {
		if !o.Terminating() && (policies{l}).target(o) == service && (policies{l}).older(o, service) == nil {
			policy = obj.At(o.Content, "spec")
		}
	}
	protocol = cmp.Or(obj.Str(policy, "protocol"), protocol)
	if kind == "HTTPRoute" {
		version = cmp.Or(obj.Str(policy, "protocolVersion"), version)
	}
	check = vpclattice.DefaultHealthCheck(version)
	given := obj.At(policy, "healthCheck")
	if enabled, ok := given["enabled"].(bool); ok {
		check.Enabled = enabled
	}
	check.Path = cmp.Or(obj.Str(given, "path"), check.Path)
	check.Port = int(obj.Int(given, "port"))
	check.Matcher = cmp.Or(obj.Str(given, "statusMatch"), check.Matcher)
	return protocol, version, check
}
