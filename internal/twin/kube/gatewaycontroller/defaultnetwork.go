package gatewaycontroller

import (
	"fmt"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/world"
)

// setupDefaultNetwork is what the controller does at its start, and only then.
func (c *Controller) setupDefaultNetwork(pod *api.Object, process kubelet.Process) {
	name := process.Env["DEFAULT_SERVICE_NETWORK"]
	if name == "" {
		return
	}
	skip := func(err error) {
		c.mgr.Warn(LawDefaultNetwork, "%s: could not setup default service network %s, proceeding without it - %s", pod.Path(), name,
			controller.Message(err))
	}
	s, err := c.identity.Session(pod)
	if err != nil {
		skip(err)
		return
	}
	l := &leader{process: &memory{Process: process}}
	client := c.mgr.Account.Lattice(pod.URN)
	op := &world.Op{URN: pod.URN, Action: world.Create}
	networks, err := client.FindServiceNetworks(s.Principal, name)
	if err == nil && len(networks) == 0 {
		var sn *vpclattice.ServiceNetwork
		// No program owns what the controller creates for itself: it is left over.
		if sn, err = c.mgr.Account.Lattice(strayURN).CreateServiceNetwork(op, s.Principal, name, l.tags()); err == nil {
			networks = []*vpclattice.ServiceNetwork{sn}
		}
	}
	if err != nil || len(networks) != 1 {
		skip(fmt.Errorf("%d networks of that name: %w", len(networks), err))
		return
	}
	have, err := client.VPCAssociations(s.Principal, networks[0].ID, process.Env["CLUSTER_VPC_ID"])
	if err == nil && len(have) == 0 {
		_, err = c.mgr.Account.Lattice(strayURN).AssociateVPC(op, s.Principal, networks[0].ID, process.Env["CLUSTER_VPC_ID"], nil, l.tags())
	}
	if err != nil {
		skip(err)
	}
}

// strayURN marks what a controller creates without any Pulumi resource.
const strayURN = ""
