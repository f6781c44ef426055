package iam

import (
	"slices"
	"strings"

	"github.com/micahhausler/aws-iam-policy/policy"
)

// Effect is the answer of one policy, or of a set of them, to a request.
type Effect int

// The three effects. Silent is an implicit deny.
const (
	Silent Effect = iota
	Allowed
	Denied
)

// Query is the request that policies are evaluated for.
type Query struct {
	Principal Principal
	Service   string // a service principal such as "pods.eks.amazonaws.com", instead of Principal
	Action    string
	Resource  string
	Context   Context
}

// NewQuery returns a query with the condition keys that every request of a principal has.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func NewQuery(p Principal, action, resource string) Query {
	ctx := Context{}
	if p.Anonymous {
		ctx.Set("aws:PrincipalType", "Anonymous")
	} else {
		kind, arn := "User", p.ARN
		if p.RoleARN != "" {
			kind, arn = "AssumedRole", p.RoleARN
		}
		ctx.Set("aws:PrincipalType", kind)
		ctx.Set("aws:PrincipalArn", arn)
		ctx.Set("aws:PrincipalAccount", p.Account)
		ctx.Set("aws:userid", p.ARN)
		for k, v := range p.Tags {
			ctx["aws:principaltag/"+strings.ToLower(k)] = []string{v}
		}
	}
	return Query{Principal: p, Action: action, Resource: resource, Context: ctx}
}

// Evaluate evaluates one policy of a resource or of an identity. A malformed text
// allows nothing.
func Evaluate(text string, use Use, q Query) Effect {
	p, err := Parse(text, use)
	if err != nil {
		return Silent
	}
	effect := Silent
	for i := range p.Statements.Values() {
		s := &p.Statements.Values()[i]
		if !applies(s, use, q) {
			continue
		}
		if s.Effect == policy.EffectDeny {
			return Denied
		}
		effect = Allowed
	}
	return effect
}

// EvaluateIdentity evaluates all identity policies of the query's principal, and its
// permissions boundary. by is the resource that created the decisive policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func EvaluateIdentity(q Query) (effect Effect, by string) {
	effect, by = evaluatePolicies(q)
	if effect == Allowed && q.Principal.Boundary != nil {
		effect = Evaluate(q.Principal.Boundary.Text, Identity, q)
	}
	return effect, by
}

// Bounded reports whether a permissions boundary alone keeps a principal from an action.
func Bounded(q Query) bool {
	effect, _ := EvaluateIdentity(q)
	without, _ := evaluatePolicies(q)
	return effect == Silent && without == Allowed
}

func evaluatePolicies(q Query) (effect Effect, by string) {
	for _, doc := range q.Principal.Policies {
		switch Evaluate(doc.Text, Identity, q) {
		case Denied:
			return Denied, doc.By
		case Allowed:
			if effect != Allowed {
				effect, by = Allowed, doc.By
			}
		case Silent:
		}
	}
	return effect, by
}

func applies(s *policy.Statement, use Use, q Query) bool {
	return addresses(s, use, q) && holds(s.Condition, q.Context)
}

// addresses reports whether a statement applies to the query, apart from its conditions.
func addresses(s *policy.Statement, use Use, q Query) bool {
	if s.Action != nil && !anyAction(s.Action, q.Action) || s.NotAction != nil && anyAction(s.NotAction, q.Action) {
		return false
	}
	if use != Identity {
		if s.Principal != nil && !principalMatches(s.Principal, q) {
			return false
		}
		if s.NotPrincipal != nil && principalMatches(s.NotPrincipal, q) {
			return false
		}
	}
	if use != Trust {
		if s.Resource != nil && !anyResource(s.Resource, q) || s.NotResource != nil && anyResource(s.NotResource, q) {
			return false
		}
	}
	return true
}

func anyAction(s *policy.StringOrSlice, action string) bool {
	return slices.ContainsFunc(s.Values(), func(p string) bool {
		return match(strings.ToLower(p), strings.ToLower(action))
	})
}

func anyResource(s *policy.StringOrSlice, q Query) bool {
	return slices.ContainsFunc(s.Values(), func(p string) bool {
		return match(substitute(p, q.Context), q.Resource)
	})
}

// principalMatches compares a Principal element.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func principalMatches(p *policy.Principal, q Query) bool {
	if slices.Contains(p.Kinds(), policy.PrincipalKindAll) {
		return true
	}
	if q.Service != "" {
		return slices.Contains(values(p.Service()), q.Service)
	}
	return slices.ContainsFunc(values(p.AWS()), func(want string) bool {
		switch {
		case want == "*":
			return true
		case q.Principal.Anonymous:
			return false
		case want == q.Principal.Account, strings.HasSuffix(want, ":iam::"+q.Principal.Account+":root"):
			return true
		}
		return want == q.Principal.ARN || want == q.Principal.RoleARN
	})
}

// CanAssume reports whether a trust policy lets a service assume the role with
// these STS actions and the condition keys that the service sends.
func CanAssume(trust, service string, sent Context, actions ...string) bool {
	return !slices.ContainsFunc(actions, func(action string) bool {
		return Evaluate(trust, Trust, Query{Service: service, Action: action, Context: sent}) != Allowed
	})
}

// Trusts reports whether a trust policy allows a service these STS actions under
// any condition at all.
func Trusts(trust, service string, actions ...string) bool {
	p, err := Parse(trust, Trust)
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(actions, func(action string) bool {
		q := Query{Service: service, Action: action}
		return !slices.ContainsFunc(p.Statements.Values(), func(s policy.Statement) bool {
			return s.Effect == policy.EffectAllow && addresses(&s, Trust, q)
		})
	})
}
