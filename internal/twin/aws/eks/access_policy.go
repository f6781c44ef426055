package eks

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

const clusterAdminPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

// accessPolicies: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
var accessPolicies = []string{
	"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy",
}

var lawAccessPolicyRefs = law.New(law.Access, "access-policy-references",
	"An access policy is one of EKS's own and is associated with an existing entry of type STANDARD.",
	"https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html")

// An access policy's association is part of the principal's entry.
var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
		Required: []string{"accessScope", "clusterName", "policyArn", "principalArn"},
		ForceNew: []string{"accessScope", "clusterName", "policyArn", "principalArn"},
		Sets:     []string{"accessScope.namespaces"},
		Untagged: true,
		Refers:   ofCluster(lawAccessPolicyRefs),
	},
	Create: func(r *cloud.Request) (string, error) {
		e, policy, scope := entryOf(r), r.Str("policyArn"), r.Obj("accessScope")
		kind, namespaces := cloud.Text(scope["type"]), cloud.Texts(scope["namespaces"])
		switch {
		case e == nil:
			return "", lawAccessPolicyRefs.Refuse("ResourceNotFoundException", "The specified principalArn could not be found. "+
				"You must create an access entry before you can associate an access policy.")
		case !slices.Contains(accessPolicies, cloud.Tail(policy, "/")) || !strings.Contains(policy, ":eks::aws:cluster-access-policy/"):
			return "", lawAccessPolicyRefs.Refuse("InvalidParameterException", "The specified policyArn is invalid: invalid policy %s", policy)
		case e.Type != "STANDARD":
			return "", lawAccessPolicyRefs.Refuse("InvalidRequestException",
				"Access policies can only be associated with access entries of type STANDARD")
		case kind == "namespace" && len(namespaces) == 0:
			return "", lawAccessPolicyRefs.Refuse("InvalidParameterException",
				"The namespaces of an access scope of type namespace must not be empty")
		}
		e.drop(policy) // a new scope replaces the old one
		e.Policies = append(e.Policies, AccessPolicy{URN: r.URN, PolicyARN: policy, Scope: kind, Namespaces: namespaces})
		r.Op.DependsOn(e.URN, lawAccessPolicyRefs)
		return r.Str("clusterName") + "#" + r.Str("principalArn") + "#" + policy, nil
	},
	Delete: func(r *cloud.Request) error {
		entryOf(r).drop(r.Str("policyArn"))
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		e := entryOf(r)
		if e == nil {
			return nil
		}
		at := slices.IndexFunc(e.Policies, func(p AccessPolicy) bool { return p.PolicyARN == r.Str("policyArn") })
		if at < 0 {
			return nil
		}
		return engine.Props{"associatedAt": "", "modifiedAt": "",
			"accessScope": engine.Props{"type": e.Policies[at].Scope, "namespaces": cloud.List(e.Policies[at].Namespaces)}}
	},
})

func entryOf(r *cloud.Request) *AccessEntry {
	return Entries.Get(r.Account, r.Str("clusterName")+":"+r.Str("principalArn"))
}

func (x *AccessEntry) drop(policy string) {
	x.Policies = slices.DeleteFunc(x.Policies, func(p AccessPolicy) bool { return p.PolicyARN == policy })
}
