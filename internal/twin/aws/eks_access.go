package aws

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// AccessEntry lets a principal in at a cluster's API.
type AccessEntry struct {
	Meta
	Cluster      string
	PrincipalARN string
	Type         string // "STANDARD", "EC2_LINUX"
	Groups       []string
	Username     string
	Policies     []AccessPolicy
}

// AccessPolicy is an EKS access policy that an access entry carries.
type AccessPolicy struct {
	URN        string
	PolicyARN  string
	Scope      string // "cluster", "namespace"
	Namespaces []string
}

const clusterAdminPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

// accessPolicies: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
var accessPolicies = []string{
	"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy",
}

var (
	lawCreator = law.New(law.Access, "creator-of-a-config-map-cluster",
		"With authentication mode CONFIG_MAP the creator of a cluster is its administrator: bootstrapClusterCreatorAdminPermissions cannot be false.",
		"https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3026")
	lawEntryRefs = law.New(law.Access, "access-entry-references",
		"An access entry needs an existing cluster, a principal that exists and has no entry yet, and an authentication mode with API.",
		"https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html")
	lawAccessPolicyRefs = law.New(law.Access, "access-policy-references",
		"An access policy is one of EKS's own and is associated with an existing entry of type STANDARD.",
		"https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html")
)

func (a *Account) entryARN(cluster, principal string) string {
	return a.arn("eks", a.Region, a.ID, "access-entry/"+cluster+"/role/"+a.ID+"/"+tail(principal, "/"))
}

var accessEntryKind = &kind{
	token:    "aws:eks/accessEntry:AccessEntry",
	required: []string{"clusterName", "principalArn"},
	forceNew: []string{"clusterName", "principalArn", "type"},
	sets:     []string{"kubernetesGroups"},
	defaults: engine.Props{"type": "STANDARD"},
	create: func(r *request) (string, error) {
		c := r.ClusterByName(r.str("clusterName"))
		principal := r.str("principalArn")
		switch {
		case c == nil || c.Region != r.region:
			return "", lawEntryRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.str("clusterName"))
		case c.AuthMode == "CONFIG_MAP":
			return "", lawEntryRefs.Refuse("InvalidRequestException",
				"The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
		case r.eks.entries[c.Name+":"+principal] != nil:
			return "", lawEntryRefs.Refuse("ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
		case principal != r.Caller().ARN && r.roleByARN(principal) == nil:
			return "", lawEntryRefs.Refuse("InvalidParameterException", "The specified principalArn is invalid: invalid principal.")
		}
		e := &AccessEntry{
			Meta:    r.meta(c.Name+":"+principal, r.entryARN(c.Name, principal), ""),
			Cluster: c.Name, PrincipalARN: principal, Type: r.str("type"), Groups: r.list("kubernetesGroups"), Username: r.str("userName"),
		}
		for _, g := range e.Groups {
			if strings.HasPrefix(g, "system:") {
				return "", lawEntryRefs.Refuse("InvalidParameterException", "The kubernetes group name %s is invalid, it cannot start with system:", g)
			}
		}
		r.eks.entries[e.ID] = e
		return e.ID, nil
	},
	update: func(r *request) error {
		e := r.eks.entries[r.id]
		e.Tags, e.Groups, e.Username = r.tags(), r.list("kubernetesGroups"), r.str("userName")
		return nil
	},
	remove: func(r *request) error { delete(r.eks.entries, r.id); return nil },
	outputs: func(r *request) engine.Props {
		e := r.eks.entries[r.id]
		if e == nil {
			return nil
		}
		user := e.Username
		if user == "" {
			user = e.PrincipalARN
		}
		return engine.Props{"accessEntryArn": e.ARN, "userName": user, "createdAt": "", "modifiedAt": "", "type": e.Type,
			"kubernetesGroups": list(e.Groups), "tagsAll": e.tagsAll()}
	},
}

var accessPolicyKind = &kind{
	token:    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
	required: []string{"accessScope", "clusterName", "policyArn", "principalArn"},
	forceNew: []string{"accessScope", "clusterName", "policyArn", "principalArn"},
	sets:     []string{"accessScope.namespaces"},
	untagged: true,
	create: func(r *request) (string, error) {
		e := r.eks.entries[r.str("clusterName")+":"+r.str("principalArn")]
		policy := r.str("policyArn")
		scope := r.obj("accessScope")
		switch {
		case r.ClusterByName(r.str("clusterName")) == nil:
			return "", lawAccessPolicyRefs.Refuse("ResourceNotFoundException", "No cluster found for name: %s.", r.str("clusterName"))
		case e == nil:
			return "", lawAccessPolicyRefs.Refuse("ResourceNotFoundException", "The specified principalArn could not be found. You must create an access entry before you can associate an access policy.")
		case !slices.Contains(accessPolicies, tail(policy, "/")) || !strings.Contains(policy, ":eks::aws:cluster-access-policy/"):
			return "", lawAccessPolicyRefs.Refuse("InvalidParameterException", "The specified policyArn is invalid: invalid policy %s", policy)
		case e.Type != "STANDARD":
			return "", lawAccessPolicyRefs.Refuse("InvalidRequestException", "Access policies can only be associated with access entries of type STANDARD")
		case text(scope["type"]) == "namespace" && len(texts(scope["namespaces"])) == 0:
			return "", lawAccessPolicyRefs.Refuse("InvalidParameterException", "The namespaces of an access scope of type namespace must not be empty")
		}
		e.Policies = slices.DeleteFunc(e.Policies, func(p AccessPolicy) bool { return p.PolicyARN == policy }) // a new scope replaces the old one
		e.Policies = append(e.Policies, AccessPolicy{URN: r.urn, PolicyARN: policy, Scope: text(scope["type"]), Namespaces: texts(scope["namespaces"])})
		r.op.DependsOn(e.URN, lawAccessPolicyRefs)
		return r.str("clusterName") + "#" + r.str("principalArn") + "#" + policy, nil
	},
	remove: func(r *request) error {
		e := r.eks.entries[r.str("clusterName")+":"+r.str("principalArn")]
		e.Policies = slices.DeleteFunc(e.Policies, func(p AccessPolicy) bool { return p.PolicyARN == r.str("policyArn") })
		return nil
	},
	outputs: func(r *request) engine.Props {
		e := r.eks.entries[r.str("clusterName")+":"+r.str("principalArn")]
		if e == nil {
			return nil
		}
		at := slices.IndexFunc(e.Policies, func(p AccessPolicy) bool { return p.PolicyARN == r.str("policyArn") })
		if at < 0 {
			return nil
		}
		return engine.Props{"associatedAt": "", "modifiedAt": "",
			"accessScope": engine.Props{"type": e.Policies[at].Scope, "namespaces": list(e.Policies[at].Namespaces)}}
	},
}

// AccessEntries returns a cluster's access entries by principal, among them the
// ones that EKS makes itself: for a creator with bootstrap permissions (the
// cluster's URN) and for the roles of node groups (empty URN).
func (a *Account) AccessEntries(cluster string) []*AccessEntry {
	var out []*AccessEntry
	for _, e := range sorted(a.eks.entries) {
		if e.Cluster == cluster {
			out = append(out, e)
		}
	}
	return out
}
