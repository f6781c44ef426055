package kube_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/gatewaycontroller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/world"
)

func TestAuthPolicies(t *testing.T) {
	t.Parallel()
	l := platformLab(t)
	l.apply("eks-one", "apps", namespace("apps")) // without the label: no service is made
	policy := authPolicy("demo", "apps", "eks-two")
	_, err := l.tryApply("eks-one", "policy", policy)
	l.broke(err, gatewaycontroller.LawPolicyTarget, "targetRef HTTPRoute apps/demo not found")
	l.down("policy")
	waitless := strings.Replace(route("demo", "apps"), "pulumi.com/waitFor", "example.com/none", 1)
	l.apply("eks-one", "route", waitless)
	_, err = l.tryApply("eks-one", "policy", policy)
	l.broke(err, gatewaycontroller.LawPolicyService, "iam-auth-policy-resource-id", "NotFound: Service demo-apps not found")
	accepted := obj.Maps(l.object("eks-one", gatewaycontroller.LatticeGroup, "IAMAuthPolicy", "apps", "demo-iam-auth-policy"), "status", "conditions")
	if len(accepted) != 1 || obj.Str(accepted[0], "status") != "True" {
		t.Errorf("a policy without effect is not called accepted: %v", accepted)
	}
	// On its way out it waits for a service that nobody makes.
	l.broke(l.remove("policy"), gatewaycontroller.LawPolicyStays, `IAMAuthPolicy "apps/demo-iam-auth-policy"`, "finalizers might be preventing deletion (application-networking.k8s.aws/iam-auth-policy)", "NotFound")
	l.down("route", "policy")
	l.apply("eks-one", "route", waitless)
	_, err = l.tryApply("eks-one", "policy", policy)
	l.broke(err, gatewaycontroller.LawPolicyService, "NotFound: Service demo-apps not found")
	_, err = l.tryApply("eks-one", "section", strings.NewReplacer("name: demo}", "name: demo, sectionName: http}", "name: demo-iam-auth-policy", "name: section").Replace(policy))
	l.broke(err, api.LawValid, "sectionName")
	// The route's own event makes the controller try again.
	news := obj.Clone(l.made["apps"].in)
	obj.Set(news, "true", "metadata", "labels", "allow-attachment-to-infra-gw")
	if err := l.update("apps", news); err != nil {
		t.Fatal(err)
	}
	if id := obj.Str(l.object("eks-one", gatewaycontroller.LatticeGroup, "IAMAuthPolicy", "apps", "demo-iam-auth-policy"), "metadata", "annotations", gatewaycontroller.PolicyResourceID); id == "" {
		t.Error("the policy is not applied after the route has its service")
	}
	_, err = l.tryApply("eks-one", "second", strings.Replace(policy, "name: demo-iam-auth-policy", "name: second", 1))
	l.broke(err, gatewaycontroller.LawPolicyConflict, "policy conflicts with demo-iam-auth-policy")
	l.down("second", "policy", "route")
}

func TestAuthPolicyNeedsItsRoute(t *testing.T) {
	t.Parallel()
	l := appLab(t)
	if !l.depends("eks-one.auth", "eks-one.route", world.Create) {
		t.Error("the policy relied on the route, and no need says so")
	}
}

// Two clusters that put the policy of their common service network undo each
// other: the first to go opens the network for everybody.
func TestAuthPolicyOnGateway(t *testing.T) {
	t.Parallel()
	l := platformLab(t)
	l.platform("eks-two")
	onGateway := strings.NewReplacer("kind: HTTPRoute, name: demo", "kind: Gateway, name: lattice-gateway", "namespace: apps", "namespace: lattice-gateway").Replace(authPolicy("demo", "apps", "eks-two"))
	l.apply("eks-one", "one-policy", onGateway)
	l.apply("eks-two", "two-policy", onGateway)
	if sn := l.network(); sn.AuthType != lattice.AuthIAM || !strings.Contains(sn.Policy, "eks-two") {
		t.Errorf("the network has auth type %s and policy %s", sn.AuthType, sn.Policy)
	}
	l.down("one-policy")
	if sn := l.network(); sn.AuthType != lattice.AuthNone || sn.Policy != "" {
		t.Errorf("after one cluster went the network has auth type %s and policy %q", sn.AuthType, sn.Policy)
	}
	if w := joined(l.clusters.Warnings()); !strings.Contains(w, "with auth type NONE, open to everybody [law "+gatewaycontroller.LawPolicyOpens.ID+"]") {
		t.Errorf("warnings: %s", w)
	}
	shows(gatewaycontroller.LawPolicyOpens)
}
