package vpclattice

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawAuthPolicy = law.New(law.Lattice, "auth-policy-document",
		"An auth policy is a policy document with a principal and no blank lines, and is put on a service network or a service.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_PutAuthPolicy.html")
	lawAuthPolicySize = law.New(law.Lattice, "auth-policy-size",
		"An auth policy has at most 10,000 characters.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html")
)

const maxAuthPolicy = 10000

// An auth policy is part of its service network or service.
var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:     "aws:vpclattice/authPolicy:AuthPolicy",
		Required:  []string{"policy", "resourceIdentifier"},
		ForceNew:  []string{"resourceIdentifier"},
		Documents: []string{"policy"},
		Untagged:  true,
	},
	Create: func(r *cloud.Request) (string, error) {
		return r.Str("resourceIdentifier"), putAuthPolicy(r.Account, r.URN, r.Str("resourceIdentifier"), r.Str("policy"))
	},
	Update: func(r *cloud.Request) error { return putAuthPolicy(r.Account, r.URN, r.ID, r.Str("policy")) },
	Delete: func(r *cloud.Request) error { return putAuthPolicy(r.Account, "", r.ID, "") },
	Outputs: func(r *cloud.Request) engine.Props {
		at, ok := authPolicyOf(r.Account, r.Str("resourceIdentifier"))
		if !ok || *at.text == "" {
			return nil
		}
		state := "Inactive" // a policy counts only where the auth type is AWS_IAM
		if at.auth == lattice.AuthIAM {
			state = "Active"
		}
		return engine.Props{"policy": *at.text, "state": state}
	},
})

// holder is what an auth policy is put on.
type holder struct {
	arn      string
	auth     lattice.AuthType
	text, by *string
}

// authPolicyOf finds where a resource's policy is kept.
func authPolicyOf(a *cloud.Account, idOrARN string) (holder, bool) {
	id := cloud.Tail(idOrARN, "/")
	if sn := Networks.Get(a, id); sn != nil {
		return holder{sn.ARN, sn.AuthType, &sn.Policy, &sn.PolicyBy}, true
	}
	if svc := Services.Get(a, id); svc != nil {
		return holder{svc.ARN, svc.AuthType, &svc.Policy, &svc.PolicyBy}, true
	}
	return holder{}, false
}

// putAuthPolicy replaces a policy; an empty text deletes it.
func putAuthPolicy(a *cloud.Account, urn, resource, document string) error {
	at, ok := authPolicyOf(a, resource)
	if !ok {
		return notFound(resource)
	}
	if document != "" {
		if _, err := iam.Parse(document, iam.Resource); err != nil {
			return lawAuthPolicy.Refuse("ValidationException", "Invalid auth policy: %v", err)
		}
		if strings.Contains(document, "\n\n") {
			return lawAuthPolicy.Refuse("ValidationException", "Invalid auth policy: it has blank lines")
		}
		if len(document) > maxAuthPolicy {
			return lawAuthPolicySize.Refuse("ValidationException", "Invalid auth policy: it is longer than %d characters", maxAuthPolicy)
		}
	}
	*at.text, *at.by = document, urn
	a.Change()
	return nil
}

// PutAuthPolicy puts a policy on a service network or a service, by id or ARN.
// It does not change the auth type, see UpdateService and SetNetworkAuthType.
func (l *Lattice) PutAuthPolicy(op *world.Op, p iam.Principal, resource, policy string) error {
	return l.authPolicy(op, p, "PutAuthPolicy", l.by(op), resource, policy)
}

// DeleteAuthPolicy deletes it.
func (l *Lattice) DeleteAuthPolicy(op *world.Op, p iam.Principal, resource string) error {
	return l.authPolicy(op, p, "DeleteAuthPolicy", "", resource, "")
}

func (l *Lattice) authPolicy(op *world.Op, p iam.Principal, action, urn, resource, policy string) error {
	at, ok := authPolicyOf(l.account, resource)
	if !ok {
		return notFound(resource)
	}
	if err := l.allowed(op, p, access{action: action, resource: at.arn}); err != nil {
		return err
	}
	return putAuthPolicy(l.account, urn, resource, policy)
}
