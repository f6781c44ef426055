package cloud

import (
	"fmt"
	"maps"
	"slices"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawIdentity = law.New(law.References, "identity-policies",
	"AWS refuses a call that no identity policy of the caller allows, or that one denies.",
	"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html")

// requests are the questions that identity policies were asked, each once.
type requests struct {
	seen map[string]bool
	list []iam.Query
}

var asked = NewState(func() *requests { return &requests{seen: map[string]bool{}} })

func (r *requests) note(q iam.Query, keys iam.Context) {
	id := fmt.Sprint(q.Principal.RoleARN, q.Action, q.Resource, keys)
	if !r.seen[id] {
		r.seen[id] = true
		r.list = append(r.list, q)
	}
}

// Requests are the calls that AWS was asked to authorize by identity policies,
// each once, in order.
func (a *Account) Requests() []iam.Query { return slices.Clone(asked.In(a).list) }

// Authorize checks an action against the principal's identity policies and
// refuses with AWS's AccessDenied sentence.
func (a *Account) Authorize(p iam.Principal, action, resource string) error {
	return a.AuthorizeFor(nil, "", p, action, resource, nil)
}

// AuthorizeFor also takes the condition keys of the call, and records that what
// is done for urn depends on the policy that allowed it.
func (a *Account) AuthorizeFor(op *world.Op, urn string, p iam.Principal, action, resource string, keys iam.Context) error {
	q := iam.NewQuery(p, action, resource)
	maps.Copy(q.Context, keys)
	asked.In(a).note(q, keys)
	effect, by := iam.EvaluateIdentity(q)
	if effect == iam.Allowed {
		if op != nil {
			op.DependsFor(urn, by, lawIdentity)
		}
		return nil
	}
	return lawIdentity.Refuse("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s",
		p.ARN, action, resource, reason(effect, q))
}
