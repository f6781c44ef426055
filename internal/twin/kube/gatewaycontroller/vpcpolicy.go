package gatewaycontroller

import (
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
)

// vpcPolicy is the reconcile function of VpcAssociationPolicy: the association
// of the cluster's VPC with the service network of its Gateway.
func (p policies) vpcPolicy(policy *api.Object) {
	target := p.target(policy)
	if target == nil {
		p.mgr.Blame(policy, LawPolicyTarget, "targetRef not found")
		return
	}
	client, s, err := p.aws(policy)
	if err == nil {
		err = p.associateVPC(client, s.Principal, policy, target)
	}
	if err != nil {
		p.mgr.Fail(policy, LawPolicyTarget, err)
		return
	}
	_ = p.mgr.API.Write(policy, latticeManager, func(content obj.Map) {
		if policy.Terminating() {
			controller.RemoveFinalizer(content, vpcPolicyFinalizer)
			return
		}
		controller.AddFinalizer(content, vpcPolicyFinalizer)
		p.mgr.SetCondition(policy, content, controller.Condition{Type: "Accepted", True: true, Reason: "Accepted"}, "status", "conditions")
	})
}

func (p policies) associateVPC(client *vpclattice.Lattice, principal iam.Principal, policy, gw *api.Object) error {
	networks, err := client.FindServiceNetworks(principal, gw.Name)
	if err != nil {
		return err
	}
	if len(networks) != 1 {
		// The controller leaves its finalizer when the network does not exist:
		// handleDeleteError returns before the removal.
		return LawPolicyService.Refuse("NotFound", "Service network %s not found", gw.Name)
	}
	have, err := client.VPCAssociations(principal, networks[0].ID, p.process.Env["CLUSTER_VPC_ID"])
	if err != nil {
		return err
	}
	wanted := !policy.Terminating() && obj.Get(policy.Content, "spec", "associateWithVpc") != false
	switch {
	case wanted && len(have) == 0:
		_, err = client.AssociateVPC(p.op, principal, networks[0].ID, p.process.Env["CLUSTER_VPC_ID"],
			obj.Strings(policy.Content, "spec", "securityGroupIds"), p.tags())
	case !wanted && len(have) > 0 && have[0].Tags[ManagedByTag] == p.owner():
		err = client.DisassociateVPC(p.op, principal, have[0].ID)
	}
	return err
}
