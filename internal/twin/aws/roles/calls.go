package roles

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
)

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service/iam
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html

var (
	self   = cloud.Self(Roles)
	role   = cloud.Of(Roles, "role")
	policy = cloud.Self(Policies)
)

var (
	_ = cloud.DefineCalls("aws:iam/role:Role", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("iam:CreateRole", named).With(asGiven),
			cloud.Does("iam:TagRole", named).Tagged().Tagging(),
		},
		Created: []cloud.Call{
			cloud.Does("iam:AttachRolePolicy", self).Having("managedPolicyArns").With(asBound),
			cloud.Does("iam:PutRolePolicy", self).With(asBound).When(func(r *cloud.Request) bool { return len(r.Objs("inlinePolicies")) > 0 }),
		},
		Read: append(cloud.Each(self, "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
			cloud.Does("iam:GetRolePolicy", self).When(hasInline)),
		Update: []cloud.Call{
			cloud.Does("iam:UpdateAssumeRolePolicy", self).Changing("assumeRolePolicy").With(asBound),
			cloud.Does("iam:UpdateRoleDescription", self).Changing("description").With(asBound),
			cloud.Does("iam:UpdateRole", self).Changing("maxSessionDuration").With(asBound),
			cloud.Does("iam:AttachRolePolicy", self).Changing("managedPolicyArns").With(asBound),
			cloud.Does("iam:DetachRolePolicy", self).Changing("managedPolicyArns").With(asBound),
			cloud.Does("iam:PutRolePolicy", self).Changing("inlinePolicies").With(asBound),
			cloud.Does("iam:DeleteRolePolicy", self).Changing("inlinePolicies").With(asBound),
			cloud.Does("iam:PutRolePermissionsBoundary", self).With(asGiven).
				When(func(r *cloud.Request) bool { return r.Changed("permissionsBoundary") && r.Has("permissionsBoundary") }),
			cloud.Does("iam:DeleteRolePermissionsBoundary", self).With(asBound).
				When(func(r *cloud.Request) bool { return r.Changed("permissionsBoundary") && !r.Has("permissionsBoundary") }),
			cloud.Does("iam:TagRole", self).Retagging(),
			cloud.Does("iam:UntagRole", self).Untagging(),
		},
		Delete: []cloud.Call{
			cloud.Does("iam:ListInstanceProfilesForRole", self),
			cloud.Does("iam:DetachRolePolicy", self).Having("managedPolicyArns").With(asBound),
			cloud.Does("iam:DeleteRolePolicy", self).With(asBound).When(func(r *cloud.Request) bool { return len(r.Objs("inlinePolicies")) > 0 }),
			cloud.Does("iam:DeleteRole", self).With(asBound),
		},
	})
	_ = cloud.DefineCalls("aws:iam/rolePolicy:RolePolicy", cloud.Calls{
		Create: []cloud.Call{cloud.Does("iam:PutRolePolicy", role).With(asBound)},
		Read:   cloud.Each(role, "iam:GetRolePolicy"),
		Update: []cloud.Call{cloud.Does("iam:PutRolePolicy", role).With(asBound)},
		Delete: []cloud.Call{cloud.Does("iam:DeleteRolePolicy", role).With(asBound)},
	})
	_ = cloud.DefineCalls("aws:iam/rolePolicyAttachment:RolePolicyAttachment", cloud.Calls{
		Create: []cloud.Call{cloud.Does("iam:AttachRolePolicy", role).With(policyARN)},
		Read:   cloud.Each(role, "iam:ListAttachedRolePolicies"),
		Delete: []cloud.Call{cloud.Does("iam:DetachRolePolicy", role).With(policyARN)},
	})
	_ = cloud.DefineCalls("aws:iam/policy:Policy", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("iam:CreatePolicy", namedPolicy).Tagged(),
			cloud.Does("iam:TagPolicy", namedPolicy).Tagged().Tagging(),
		},
		Read: cloud.Each(policy, "iam:GetPolicy", "iam:GetPolicyVersion"),
		Update: []cloud.Call{
			cloud.Does("iam:ListPolicyVersions", policy).Changing("policy"),
			cloud.Does("iam:CreatePolicyVersion", policy).Changing("policy"),
			cloud.Does("iam:TagPolicy", policy).Retagging(),
			cloud.Does("iam:UntagPolicy", policy).Untagging(),
		},
		Delete: cloud.Each(policy, "iam:ListPolicyVersions", "iam:DeletePolicy"),
	})
)

func named(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.Account.ARN("iam", "", r.Account.ID, "role"+r.Str("path")+r.Str("name"))}}
}

func namedPolicy(r *cloud.Request) []cloud.Target {
	return []cloud.Target{{ARN: r.Account.ARN("iam", "", r.Account.ID, "policy"+r.Str("path")+r.Str("name"))}}
}

func hasInline(r *cloud.Request) bool {
	found := Roles.Get(r.Account, r.ID)
	return found != nil && len(found.Inline) > 0
}

// asGiven are the condition keys of a call that sets a role's boundary.
func asGiven(r *cloud.Request) iam.Context {
	ctx := iam.Context{}
	if r.ID == "" {
		ctx = r.RequestTags()
	}
	ctx.Set("iam:PermissionsBoundary", r.Str("permissionsBoundary"))
	return ctx
}

// asBound are those of a call for a role that may have a boundary.
func asBound(r *cloud.Request) iam.Context {
	ctx := iam.Context{}
	found := roleOf(r)
	if found == nil {
		found = Roles.Get(r.Account, r.ID)
	}
	if found != nil {
		ctx.Set("iam:PermissionsBoundary", found.Boundary)
	}
	return ctx
}

func policyARN(r *cloud.Request) iam.Context {
	ctx := asBound(r)
	ctx.Set("iam:PolicyARN", r.Str("policyArn"))
	return ctx
}

// Passing is the permission to hand a role to a service, which AWS asks for when
// a call names the role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func Passing(input, service string) cloud.Call {
	return cloud.Does("iam:PassRole", Given(input)).Having(input).With(func(*cloud.Request) iam.Context {
		return iam.Context{"iam:passedtoservice": {service}}
	})
}

// Given is the role whose ARN an input holds.
func Given(input string) cloud.On {
	return func(r *cloud.Request) []cloud.Target { return []cloud.Target{{ARN: r.Str(input)}} }
}

// linked are the services that have their role in the account.
var linked = cloud.NewState(func() *[]string { return new([]string) })

// ServiceLinked is the creation of a service's own role, when an account uses the
// service for the first time. AWS does it in the caller's name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
func ServiceLinked(service, name string) cloud.Call {
	on := func(r *cloud.Request) []cloud.Target {
		return []cloud.Target{{ARN: linkedARN(r.Account, service, name)}}
	}
	return cloud.Does("iam:CreateServiceLinkedRole", on).
		When(func(r *cloud.Request) bool { return !slices.Contains(*linked.In(r.Account), service) }).
		Then(func(r *cloud.Request) { *linked.In(r.Account) = append(*linked.In(r.Account), service) }).
		With(func(*cloud.Request) iam.Context { return iam.Context{"iam:awsservicename": {service}} })
}

// Linked is a service's own role as IAM finds it by its name: while there is none,
// IAM does not know its path.
func Linked(a *cloud.Account, service, name string) []cloud.Target {
	if slices.Contains(*linked.In(a), service) {
		return []cloud.Target{{ARN: linkedARN(a, service, name)}}
	}
	return []cloud.Target{{ARN: a.ARN("iam", "", a.ID, "role/"+name)}}
}

func linkedARN(a *cloud.Account, service, name string) string {
	return a.ARN("iam", "", a.ID, "role/aws-service-role/"+service+"/"+name)
}
