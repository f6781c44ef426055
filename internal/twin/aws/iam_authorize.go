package aws

import (
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawIdentity = law.New(law.References, "identity-policies",
	"AWS refuses a call that no identity policy of the caller allows, or that one denies.",
	"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html")

// Authorize checks an action against the principal's identity policies and
// refuses with AWS's AccessDenied sentence.
func (a *Account) Authorize(p iam.Principal, action, resource string) error {
	return a.authorize(nil, "", p, action, resource)
}

// authorize also records that what is done for urn relied on the policy that
// allowed it.
func (a *Account) authorize(op *world.Op, urn string, p iam.Principal, action, resource string) error {
	effect, by := iam.EvaluateIdentity(iam.NewQuery(p, action, resource))
	if effect == iam.Allowed {
		if op != nil {
			op.NeedBy(urn, by, lawIdentity)
		}
		return nil
	}
	why := "because no identity-based policy allows the " + action + " action"
	if effect == iam.Denied {
		why = "with an explicit deny in an identity-based policy"
	}
	return lawIdentity.Refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s",
		p.ARN, action, resource, why)
}
