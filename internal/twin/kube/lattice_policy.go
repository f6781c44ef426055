package kube

import (
	"errors"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
)

var (
	lawPolicyTarget = law.New(law.Controller, "auth-policy-needs-its-target",
		"An IAMAuthPolicy is accepted when its target, a route or a Gateway, exists in the policy's own namespace.",
		"https://www.gateway-api-controller.eks.aws.dev/latest/api-types/iam-auth-policy/")
	lawPolicyService = law.New(law.Controller, "auth-policy-before-its-service-is-swallowed",
		"An IAMAuthPolicy whose Lattice service does not exist yet counts as reconciled without having any effect; only an event of its route makes the controller try again.",
		"https://github.com/aws/aws-application-networking-k8s/pull/481")
	lawPolicyOpens = law.New(law.Controller, "gateway-policy-opens-the-network",
		"Deleting an IAMAuthPolicy of a Gateway deletes the service network's policy and sets its auth type to NONE, whichever cluster put it.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/lattice/iamauthpolicy_manager.go")
	lawPolicyStays = law.New(law.Controller, "auth-policy-never-put-stays",
		"A deleted IAMAuthPolicy that the controller accepted and never put, or whose Lattice service is gone, keeps its finalizer for as long as its target is there.",
		"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/controllers/iamauthpolicy_controller.go")
	lawPolicyConflict = law.New(law.Controller, "one-auth-policy-per-target",
		"Of several IAMAuthPolicies for one target only the oldest is accepted.",
		"https://gateway-api.sigs.k8s.io/geps/gep-713/")
)

const (
	policyResourceID   = "application-networking.k8s.aws/iam-auth-policy-resource-id"
	policyResourceType = "application-networking.k8s.aws/iam-auth-policy-resource-type"
	policyResourceName = "application-networking.k8s.aws/iam-auth-policy-resource-name"
	policyFinalizer    = "application-networking.k8s.aws/iam-auth-policy"
	vpcPolicyFinalizer = "vpcassociationpolicies.application-networking.k8s.aws/resources"
)

// target is the object that a policy is attached to.
func (l *latticeController) target(policy *api.Object) *api.Object {
	ref := obj.At(policy.Content, "spec", "targetRef")
	if ns := obj.Str(ref, "namespace"); ns != "" && ns != policy.Namespace {
		return nil
	}
	return l.API.Get(obj.Str(ref, "group"), obj.Str(ref, "kind"), policy.Namespace, obj.Str(ref, "name"))
}

// authPolicy is the reconcile function of IAMAuthPolicy.
func (l *latticeController) authPolicy(policy *api.Object) {
	if policy.Terminating() {
		l.deleteAuthPolicy(policy)
		return
	}
	policy.DependsOnObject(l.pod, podidentity.LawControllerRuns)
	target := l.target(policy)
	kind := obj.Str(policy.Content, "spec", "targetRef", "kind")
	accepted, reason, text := true, "Accepted", ""
	switch {
	case kind != "Gateway" && kind != "HTTPRoute" && kind != "GRPCRoute":
		accepted, reason, text = false, "Invalid", "unsupported targetRef kind: "+kind
	case target == nil:
		accepted, reason, text = false, "TargetNotFound", "targetRef "+kind+" "+policy.Namespace+"/"+obj.Str(policy.Content, "spec", "targetRef", "name")+" not found"
	case l.olderPolicy(policy, target) != nil:
		accepted, reason, text = false, "Conflicted", "policy conflicts with "+l.olderPolicy(policy, target).Name
	}
	_ = l.API.Write(policy, latticeManager, func(content obj.Map) {
		if accepted {
			controller.AddFinalizer(content, policyFinalizer)
		}
		l.SetCondition(policy, content, controller.Condition{Type: "Accepted", True: accepted, Reason: reason, Message: text}, "status", "conditions")
	})
	if !accepted {
		broken := lawPolicyTarget
		if reason == "Conflicted" {
			broken = lawPolicyConflict
		}
		l.Blame(policy, broken, "%s", text)
		return
	}
	policy.DependsOnObject(target, lawPolicyTarget)
	if l.looked(policy, target.UID()+" "+target.Annotation(serviceARN)+policy.Annotation(policyResourceID)) {
		return
	}
	if err := l.putAuthPolicy(policy, target); err != nil {
		l.Fail(policy, lawPolicyTarget, err)
		if t, _ := l.Trouble(policy.Key); t.Law.ID != lawPolicyService.ID { // NotFound is taken for success and not tried again
			delete(l.process.seen, policy.Key)
		}
		return
	}
	l.Clear(policy)
}

func (l *latticeController) olderPolicy(policy, target *api.Object) *api.Object {
	for _, other := range l.API.List(latticeGroup, "IAMAuthPolicy", policy.Namespace) {
		if other == policy || other.Terminating() || l.target(other) != target {
			continue
		}
		mine, theirs := obj.Str(policy.Content, "metadata", "creationTimestamp"), obj.Str(other.Content, "metadata", "creationTimestamp")
		if theirs < mine || theirs == mine && other.Name < policy.Name {
			return other
		}
	}
	return nil
}

func (l *latticeController) putAuthPolicy(policy, target *api.Object) error {
	client, s, err := l.aws(policy)
	if err != nil {
		return err
	}
	id, kind, name, err := l.policyResource(client, s.Principal, target)
	if err != nil {
		return err
	}
	if err := client.PutAuthPolicy(l.op, s.Principal, id, obj.Str(policy.Content, "spec", "policy")); err != nil {
		return err
	}
	if err := l.setAuthType(client, s.Principal, kind, id, lattice.AuthIAM); err != nil {
		return err
	}
	return l.API.Write(policy, latticeManager, func(content obj.Map) {
		obj.Set(content, id, "metadata", "annotations", policyResourceID)
		obj.Set(content, kind, "metadata", "annotations", policyResourceType)
		obj.Set(content, name, "metadata", "annotations", policyResourceName)
	})
}

// policyResource finds what a target is in VPC Lattice.
func (l *latticeController) policyResource(client *aws.Lattice, p iam.Principal, target *api.Object) (id, kind, name string, err error) {
	if target.Kind == "Gateway" {
		networks, err := client.FindServiceNetworks(p, target.Name)
		if err != nil {
			return "", "", "", err
		}
		if len(networks) != 1 {
			return "", "", "", lawPolicyService.Refuse("NotFound", "Service network %s not found", target.Name)
		}
		return networks[0].ID, "ServiceNetwork", target.Name, nil
	}
	name = latticeServiceName(target)
	service, err := client.FindService(p, name)
	if err != nil {
		return "", "", "", err
	}
	if service == nil {
		return "", "", "", lawPolicyService.Refuse("NotFound", "Service %s not found", name)
	}
	return service.ID, "Service", name, nil
}

func (l *latticeController) setAuthType(client *aws.Lattice, p iam.Principal, kind, id string, auth lattice.AuthType) error {
	if kind == "ServiceNetwork" {
		return client.SetNetworkAuthType(l.op, p, id, auth)
	}
	return client.UpdateService(l.op, p, id, "", auth)
}

// deleteAuthPolicy sets the auth type to NONE and removes the policy, whoever
// else counts on it. While the target is there the resource is looked for by
// the name that a successful put noted. Not to find it counts as reconciled, but
// the finalizer stays until the target goes.
func (l *latticeController) deleteAuthPolicy(policy *api.Object) {
	policy.DeletionDependsOn(l.pod.URN, podidentity.LawControllerRuns)
	client, s, err := l.aws(policy)
	if err != nil {
		l.Fail(policy, podidentity.LawControllerRuns, err)
		return
	}
	if target := l.target(policy); target != nil && l.olderPolicy(policy, target) == nil {
		found, err := l.named(client, s.Principal, target.Kind, policy.Annotation(policyResourceName))
		if err != nil {
			l.Fail(policy, podidentity.LawControllerRuns, err)
			return
		}
		if !found {
			l.Blame(policy, lawPolicyStays, "Reconcile failed: NotFound: %s %q of the target %s %s/%s not found, so the finalizer stays",
				resourceOf(target.Kind), policy.Annotation(policyResourceName), target.Kind, target.Namespace, target.Name)
			return
		}
	}
	if id := policy.Annotation(policyResourceID); id != "" {
		err := l.setAuthType(client, s.Principal, policy.Annotation(policyResourceType), id, lattice.AuthNone)
		if err == nil {
			err = client.DeleteAuthPolicy(l.op, s.Principal, id)
		}
		if err == nil && policy.Annotation(policyResourceType) == "ServiceNetwork" {
			l.Warn(lawPolicyOpens, "deleting IAMAuthPolicy %s/%s of cluster %s left service network %s with auth type NONE, open to everybody",
				policy.Namespace, policy.Name, l.EKS.Name, id)
		}
		var r *law.Refusal
		if err != nil && !(errors.As(err, &r) && r.Code == "ResourceNotFoundException") {
			l.Fail(policy, podidentity.LawControllerRuns, err)
			return
		}
	}
	_ = l.API.Write(policy, latticeManager, func(content obj.Map) { controller.RemoveFinalizer(content, policyFinalizer) })
}

// resourceOf is what a kind of target is in VPC Lattice.
func resourceOf(kind string) string {
	if kind == "Gateway" {
		return "Service network"
	}
	return "Service"
}

// named tells whether VPC Lattice has the resource of a kind of target.
func (l *latticeController) named(client *aws.Lattice, p iam.Principal, kind, name string) (bool, error) {
	if kind == "Gateway" {
		networks, err := client.FindServiceNetworks(p, name)
		return name != "" && len(networks) == 1, err
	}
	service, err := client.FindService(p, name)
	return service != nil, err
}

// vpcPolicy is the reconcile function of VpcAssociationPolicy: the association
// of the cluster's VPC with the service network of its Gateway.
func (l *latticeController) vpcPolicy(policy *api.Object) {
	target := l.target(policy)
	if target == nil {
		l.Blame(policy, lawPolicyTarget, "targetRef not found")
		return
	}
	client, s, err := l.aws(policy)
	if err == nil {
		err = l.associateVPC(client, s.Principal, policy, target)
	}
	if err != nil {
		l.Fail(policy, lawPolicyTarget, err)
		return
	}
	_ = l.API.Write(policy, latticeManager, func(content obj.Map) {
		if policy.Terminating() {
			controller.RemoveFinalizer(content, vpcPolicyFinalizer)
			return
		}
		controller.AddFinalizer(content, vpcPolicyFinalizer)
		l.SetCondition(policy, content, controller.Condition{Type: "Accepted", True: true, Reason: "Accepted"}, "status", "conditions")
	})
}

func (l *latticeController) associateVPC(client *aws.Lattice, p iam.Principal, policy, gw *api.Object) error {
	networks, err := client.FindServiceNetworks(p, gw.Name)
	if err != nil {
		return err
	}
	if len(networks) != 1 {
		// The controller leaves its finalizer when the network is gone:
		// handleDeleteError returns before the removal.
		return lawPolicyService.Refuse("NotFound", "Service network %s not found", gw.Name)
	}
	have, err := client.VPCAssociations(p, networks[0].ID, l.process.Env["CLUSTER_VPC_ID"])
	if err != nil {
		return err
	}
	wanted := !policy.Terminating() && obj.Get(policy.Content, "spec", "associateWithVpc") != false
	switch {
	case wanted && len(have) == 0:
		_, err = client.AssociateVPC(l.op, p, networks[0].ID, l.process.Env["CLUSTER_VPC_ID"], obj.Strings(policy.Content, "spec", "securityGroupIds"), l.tags())
	case !wanted && len(have) > 0 && have[0].Tags[managedByTag] == l.owner():
		err = client.DisassociateVPC(l.op, p, have[0].ID)
	}
	return err
}
