// Package externaldns is ExternalDNS: it writes the records that DNSEndpoints of a
// cluster ask for into hosted zones.
package externaldns

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

// Controller is the ExternalDNS of a cluster, whichever of its pods leads.
type Controller struct {
	mgr       *controller.Manager
	kubelet   *kubelet.Kubelet
	identity  *podidentity.Agent
	processes map[string]kubelet.Process // by the uid of their pod
}

// New returns the ExternalDNS of a cluster. Pods of its image run it.
func New(mgr *controller.Manager, k *kubelet.Kubelet, identity *podidentity.Agent) *Controller {
	c := &Controller{mgr: mgr, kubelet: k, identity: identity, processes: map[string]kubelet.Process{}}
	k.Add(c)
	return c
}

// Image is ExternalDNS's.
func (c *Controller) Image() string { return "external-dns" }

// Start is the start of ExternalDNS.
func (c *Controller) Start(pod *api.Object, p kubelet.Process) error {
	if slices.Contains(p.Args["source"], "crd") {
		gvk := schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"}
		if !c.mgr.API.Serves(gvk) {
			return LawCRD.Refuse("", "CrashLoopBackOff: no matches for kind \"DNSEndpoint\" in version \"externaldns.k8s.io/v1alpha1\"")
		}
		if crd := c.mgr.API.Definition(gvk.Group, gvk.Kind); crd != nil {
			pod.DependsOn(crd.URN, LawCRD)
		}
	}
	c.processes[pod.UID()] = p
	return nil
}

// Reconcile is one loop of ExternalDNS: what DNSEndpoints ask for, against what
// its zones hold.
func (c *Controller) Reconcile(op *world.Op) {
	pod := c.kubelet.Leader(c)
	if pod == nil || !slices.Contains(c.processes[pod.UID()].Args["source"], "crd") {
		return
	}
	c.mgr.Clear(pod)
	p := c.processes[pod.UID()]
	s, err := c.identity.Session(pod)
	if err != nil {
		c.mgr.Fail(pod, LawZone, err)
		return
	}
	zones, err := c.mgr.Account.Route53(pod.URN).Zones(s.Principal)
	if err != nil {
		c.mgr.Fail(pod, LawZone, err)
		return
	}
	e := &loop{mgr: c.mgr, op: op, process: p, owner: p.Arg("txt-owner-id", "default"), prefix: p.Arg("txt-prefix", "")}
	zones = slices.DeleteFunc(zones, func(z *route53.Zone) bool { return !e.mine(z) })
	e.skip(zones)
	for _, zone := range zones {
		if err := e.sync(s, zone); err != nil {
			for _, o := range append(e.endpoints(), pod) {
				c.mgr.Fail(o, LawZone, err)
			}
		}
	}
}
