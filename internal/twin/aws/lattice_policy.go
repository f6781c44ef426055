package aws

import (
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawAuthPolicy = law.New(law.Lattice, "auth-policy-document",
	"An auth policy is a policy document of up to 10 KB with a principal and no blank lines, and is put on a service network or a service.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_PutAuthPolicy.html")

var authPolicyKind = &kind{
	token:     "aws:vpclattice/authPolicy:AuthPolicy",
	required:  []string{"policy", "resourceIdentifier"},
	forceNew:  []string{"resourceIdentifier"},
	documents: []string{"policy"},
	untagged:  true,
	create: func(r *request) (string, error) {
		return r.str("resourceIdentifier"), r.putAuthPolicy(r.urn, r.str("resourceIdentifier"), r.str("policy"))
	},
	update: func(r *request) error { return r.putAuthPolicy(r.urn, r.id, r.str("policy")) },
	remove: func(r *request) error { return r.putAuthPolicy("", r.id, "") },
	outputs: func(r *request) engine.Props {
		_, policy, _ := r.authPolicy(r.str("resourceIdentifier"))
		if policy == nil || *policy == "" {
			return nil
		}
		state := "Inactive" // a policy counts only where the auth type is AWS_IAM
		if sn := r.net.networks[tail(r.str("resourceIdentifier"), "/")]; sn == nil || sn.AuthType == lattice.AuthIAM {
			state = "Active"
		}
		return engine.Props{"policy": *policy, "state": state}
	},
}

// authPolicy finds where a resource's policy and its maker are kept.
func (a *Account) authPolicy(idOrARN string) (arn string, policy, by *string) {
	id := tail(idOrARN, "/")
	if sn := a.net.networks[id]; sn != nil {
		return sn.ARN, &sn.Policy, &sn.PolicyBy
	}
	if svc := a.net.services[id]; svc != nil {
		return svc.ARN, &svc.Policy, &svc.PolicyBy
	}
	return "", nil, nil
}

// putAuthPolicy replaces a policy; an empty text removes it.
func (a *Account) putAuthPolicy(urn, resource, document string) error {
	_, policy, by := a.authPolicy(resource)
	if policy == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", resource)
	}
	if document != "" {
		if _, err := iam.Parse(document, iam.Resource); err != nil {
			return lawAuthPolicy.Refuse("ValidationException", "Invalid auth policy: %v", err)
		}
		if len(document) > 10000 || strings.Contains(document, "\n\n") {
			return lawAuthPolicy.Refuse("ValidationException", "Invalid auth policy: it is longer than 10000 characters or has blank lines")
		}
	}
	*policy, *by = document, urn
	a.changes++
	return nil
}

// PutAuthPolicy puts a policy on a service network or a service, by id or ARN.
// It does not change the auth type, see UpdateService and SetNetworkAuthType.
func (l *Lattice) PutAuthPolicy(op *world.Op, p iam.Principal, resource, policy string) error {
	arn, _, _ := l.a.authPolicy(resource)
	if arn == "" {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", resource)
	}
	if err := l.allowed(op, p, access{action: "PutAuthPolicy", resource: arn}); err != nil {
		return err
	}
	return l.a.putAuthPolicy(l.by(op), resource, policy)
}

// DeleteAuthPolicy removes it.
func (l *Lattice) DeleteAuthPolicy(op *world.Op, p iam.Principal, resource string) error {
	arn, _, _ := l.a.authPolicy(resource)
	if arn == "" {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", resource)
	}
	if err := l.allowed(op, p, access{action: "DeleteAuthPolicy", resource: arn}); err != nil {
		return err
	}
	return l.a.putAuthPolicy("", resource, "")
}
