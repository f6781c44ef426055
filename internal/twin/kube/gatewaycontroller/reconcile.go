package gatewaycontroller

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

// Start is the start of the controller's program.
func (c *Controller) Start(pod *api.Object, process kubelet.Process) error {
	for _, kind := range []string{"Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute", "TLSRoute"} {
		gvk := schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: kind}
		if !c.mgr.API.Serves(gvk) {
			return LawCRDs.Refuse("", "CrashLoopBackOff: setup failed: required CRD not found: no matches for kind %q in version %q", kind,
				gvk.GroupVersion())
		}
		if crd := c.mgr.API.Definition(gvk.Group, kind); crd != nil {
			pod.DependsOnNow(crd.URN, LawCRDs)
		}
	}
	if crd := c.mgr.API.Definition("externaldns.k8s.io", "DNSEndpoint"); crd != nil {
		pod.DependsOnNow(crd.URN, LawDNSEndpoint)
	}
	for _, name := range []string{"CLUSTER_VPC_ID", "REGION", "AWS_ACCOUNT_ID", "CLUSTER_NAME"} {
		if process.Env[name] == "" {
			return LawConfig.Refuse("", "CrashLoopBackOff: init config failed: %s is not specified: EC2MetadataError: failed to make EC2Metadata "+
				"request", strings.ToLower(name))
		}
	}
	c.setupDefaultNetwork(pod, process)
	c.processes[pod.UID()] = &memory{
		seen: map[api.Key]string{}, conflicts: map[string]int64{}, Process: process,
		dnsEndpoint: c.mgr.API.Serves(dnsEndpoint),
	}
	return nil
}

// Reconcile is one pass of the leading pod over all objects of the controller.
func (c *Controller) Reconcile(op *world.Op) {
	pod := c.kubelet.Leader(c)
	if pod == nil {
		c.explain()
		return
	}
	l := &leader{mgr: c.mgr, identity: c.identity, op: op, pod: pod, process: c.processes[pod.UID()]}
	l.classes()
	for _, policy := range c.mgr.API.List(LatticeGroup, "TargetGroupPolicy", "") {
		policies{l}.targetGroupPolicy(policy)
	}
	for _, gw := range c.mgr.API.List(GatewayGroup, "Gateway", "") {
		l.gateway(gw)
	}
	for _, kind := range RouteKinds {
		for _, route := range c.mgr.API.List(GatewayGroup, kind, "") {
			l.route(route)
		}
	}
	for _, policy := range c.mgr.API.List(LatticeGroup, "VpcAssociationPolicy", "") {
		policies{l}.vpcPolicy(policy)
	}
	for _, policy := range c.mgr.API.List(LatticeGroup, "IAMAuthPolicy", "") {
		policies{l}.authPolicy(policy)
	}
}

// explain records why nothing happens to the controller's objects.
func (c *Controller) explain() {
	kinds := []schema.GroupKind{
		{Group: GatewayGroup, Kind: "GatewayClass"}, {Group: GatewayGroup, Kind: "Gateway"},
		{Group: LatticeGroup, Kind: "IAMAuthPolicy"}, {Group: LatticeGroup, Kind: "VpcAssociationPolicy"},
		{Group: LatticeGroup, Kind: "TargetGroupPolicy"},
	}
	for _, kind := range RouteKinds {
		kinds = append(kinds, schema.GroupKind{Group: GatewayGroup, Kind: kind})
	}
	for _, kind := range kinds {
		for _, o := range c.mgr.API.List(kind.Group, kind.Kind, "") {
			c.mgr.Blame(o, podidentity.LawControllerRuns, "no controller runs that works on it")
		}
	}
}
