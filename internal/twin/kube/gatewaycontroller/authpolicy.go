package gatewaycontroller

import (
	"errors"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
)

// policies is the part of a pass that works on policies.
type policies struct{ *leader }

// target is the object that a policy is attached to.
func (p policies) target(policy *api.Object) *api.Object {
	ref := obj.At(policy.Content, "spec", "targetRef")
	if ns := obj.Str(ref, "namespace"); ns != "" && ns != policy.Namespace {
		return nil
	}
	return p.mgr.API.Get(obj.Str(ref, "group"), obj.Str(ref, "kind"), policy.Namespace, obj.Str(ref, "name"))
}

// authPolicy is the reconcile function of IAMAuthPolicy.
func (p policies) authPolicy(policy *api.Object) {
	if policy.Terminating() {
		p.deleteAuthPolicy(policy)
		return
	}
	policy.DependsOnObject(p.pod, podidentity.LawControllerRuns)
	target := p.target(policy)
	kind := obj.Str(policy.Content, "spec", "targetRef", "kind")
	accepted, reason, text := true, "Accepted", ""
	switch {
	case kind != "Gateway" && kind != "HTTPRoute" && kind != "GRPCRoute":
		accepted, reason, text = false, "Invalid", "unsupported targetRef kind: "+kind
	case target == nil:
		accepted, reason, text = false, "TargetNotFound",
			"targetRef "+kind+" "+policy.Namespace+"/"+obj.Str(policy.Content, "spec", "targetRef", "name")+" not found"
	case p.older(policy, target) != nil:
		accepted, reason, text = false, "Conflicted", "policy conflicts with "+p.older(policy, target).Name
	}
	_ = p.mgr.API.Write(policy, latticeManager, func(content obj.Map) {
		if accepted {
			controller.AddFinalizer(content, policyFinalizer)
		}
		p.mgr.SetCondition(policy, content, controller.Condition{Type: "Accepted", True: accepted, Reason: reason, Message: text}, "status",
			"conditions")
	})
	if !accepted {
		broken := LawPolicyTarget
		if reason == "Conflicted" {
			broken = LawPolicyConflict
		}
		p.mgr.Blame(policy, broken, "%s", text)
		return
	}
	policy.DependsOnObject(target, LawPolicyTarget)
	if p.looked(policy, target.UID()+" "+target.Annotation(serviceARN)+policy.Annotation(PolicyResourceID)) {
		return
	}
	if err := p.putAuthPolicy(policy, target); err != nil {
		p.mgr.Fail(policy, LawPolicyTarget, err)
		if policy.Annotation(PolicyResourceID) != "" {
			p.mgr.Warn(LawPolicyKept, "IAMAuthPolicy %s: %s: the former policy stays", policy.Path(), controller.Message(err))
		}
		if t, _ := p.mgr.Trouble(policy.Key); t.Law.ID != LawPolicyService.ID { // NotFound is taken for success and not tried again
			delete(p.process.seen, policy.Key)
		}
		return
	}
	p.mgr.Clear(policy)
}

func (p policies) putAuthPolicy(policy, target *api.Object) error {
	client, s, err := p.aws(policy)
	if err != nil {
		return err
	}
	id, kind, name, err := p.policyResource(client, s.Principal, target)
	if err != nil {
		return err
	}
	if err := client.PutAuthPolicy(p.op, s.Principal, id, obj.Str(policy.Content, "spec", "policy")); err != nil {
		return err
	}
	if err := p.setAuthType(client, s.Principal, kind, id, lattice.AuthIAM); err != nil {
		return err
	}
	return p.mgr.API.Write(policy, latticeManager, func(content obj.Map) {
		obj.Set(content, id, "metadata", "annotations", PolicyResourceID)
		obj.Set(content, kind, "metadata", "annotations", policyResourceType)
		obj.Set(content, name, "metadata", "annotations", policyResourceName)
	})
}

// policyResource finds what a target is in VPC Lattice.
func (p policies) policyResource(client *vpclattice.Lattice, principal iam.Principal, target *api.Object) (id, kind, name string,
	err error) {
	if target.Kind == "Gateway" {
		networks, err := client.FindServiceNetworks(principal, target.Name)
		if err != nil {
			return "", "", "", err
		}
		if len(networks) != 1 {
			return "", "", "", LawPolicyService.Refuse("NotFound", "Service network %s not found", target.Name)
		}
		return networks[0].ID, "ServiceNetwork", target.Name, nil
	}
	name = latticeServiceName(target)
	service, err := client.FindService(principal, name)
	if err != nil {
		return "", "", "", err
	}
	if service == nil {
		return "", "", "", LawPolicyService.Refuse("NotFound", "Service %s not found", name)
	}
	return service.ID, "Service", name, nil
}

func (p policies) setAuthType(client *vpclattice.Lattice, principal iam.Principal, kind, id string, auth lattice.AuthType) error {
	if kind == "ServiceNetwork" {
		return client.SetNetworkAuthType(p.op, principal, id, auth)
	}
	return client.UpdateService(p.op, principal, id, "", auth)
}

// deleteAuthPolicy sets the auth type to NONE and deletes the policy, even if
// another cluster put it. While the target exists, the controller looks for the
// resource by the name that a successful put recorded. If it finds none, the
// policy counts as reconciled, but the finalizer stays until the target is deleted.
func (p policies) deleteAuthPolicy(policy *api.Object) {
	policy.DeletionDependsOn(p.pod.URN, podidentity.LawControllerRuns)
	client, s, err := p.aws(policy)
	if err != nil {
		p.mgr.Fail(policy, podidentity.LawControllerRuns, err)
		return
	}
	if target := p.target(policy); target != nil && p.older(policy, target) == nil {
		found, err := p.named(client, s.Principal, target.Kind, policy.Annotation(policyResourceName))
		if err != nil {
			p.mgr.Fail(policy, podidentity.LawControllerRuns, err)
			return
		}
		if !found {
			p.mgr.Blame(policy, LawPolicyStays, "Reconcile failed: NotFound: %s %q of the target %s %s/%s not found, so the finalizer stays",
				resourceOf(target.Kind), policy.Annotation(policyResourceName), target.Kind, target.Namespace, target.Name)
			return
		}
	}
	if id := policy.Annotation(PolicyResourceID); id != "" {
		err := p.setAuthType(client, s.Principal, policy.Annotation(policyResourceType), id, lattice.AuthNone)
		if err == nil {
			err = client.DeleteAuthPolicy(p.op, s.Principal, id)
		}
		if err == nil && policy.Annotation(policyResourceType) == "ServiceNetwork" {
			p.mgr.Warn(LawPolicyOpens, "deleting IAMAuthPolicy %s/%s of cluster %s left service network %s with auth type NONE, open to everybody",
				policy.Namespace, policy.Name, p.mgr.EKS.Name, id)
		}
		var r *law.RefusalError
		if err != nil && !(errors.As(err, &r) && r.Code == "ResourceNotFoundException") {
			p.mgr.Fail(policy, podidentity.LawControllerRuns, err)
			return
		}
	}
	_ = p.mgr.API.Write(policy, latticeManager, func(content obj.Map) { controller.RemoveFinalizer(content, policyFinalizer) })
}

// resourceOf is what a kind of target is in VPC Lattice.
func resourceOf(kind string) string {
	if kind == "Gateway" {
		return "Service network"
	}
	return "Service"
}

// named reports whether VPC Lattice has the resource of a kind of target.
func (p policies) named(client *vpclattice.Lattice, principal iam.Principal, kind, name string) (bool, error) {
	if kind == "Gateway" {
		networks, err := client.FindServiceNetworks(principal, name)
		return name != "" && len(networks) == 1, err
	}
	service, err := client.FindService(principal, name)
	return service != nil, err
}
