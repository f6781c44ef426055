package roles

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawPolicyDeletion = law.New(law.Deletion, "policy-attached",
	"A managed policy that is attached to a role cannot be deleted.",
	"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html")

var _ = cloud.Use(Roles, Policies, cloud.InUse{
	Law: lawPolicyDeletion, Code: "DeleteConflict", Format: "Cannot delete a policy attached to entities. (%[2]s)",
}, func(role *Role) []string { return slices.Collect(maps.Keys(role.Attached)) }, func(role *Role) string { return "role " + role.Name })

// An inline policy and an attachment are parts of their role.

var ofRole = []cloud.Reference{{Property: "role", To: Roles}}

var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:     "aws:iam/rolePolicy:RolePolicy",
		Required:  []string{"policy", "role"},
		ForceNew:  []string{"name", "namePrefix", "role"},
		Documents: []string{"policy"},
		Autoname:  "name",
		NameMax:   128,
		Untagged:  true,
		Refers:    ofRole,
	},
	Create: func(r *cloud.Request) (string, error) {
		role := roleOf(r)
		return role.Name + ":" + r.Str("name"), role.putInline(r, r.Str("name"), r.Str("policy"))
	},
	Update: func(r *cloud.Request) error { return roleOf(r).putInline(r, r.Str("name"), r.Str("policy")) },
	Delete: func(r *cloud.Request) error {
		delete(roleOf(r).Inline, r.Str("name"))
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		role := roleOf(r)
		if role == nil {
			return nil
		}
		doc, ok := role.Inline[r.Str("name")]
		if !ok {
			return nil
		}
		return engine.Props{"namePrefix": "", "policy": doc.Text}
	},
})

var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
		Required: []string{"policyArn", "role"},
		ForceNew: []string{"policyArn", "role"},
		Untagged: true,
		Refers:   ofRole,
	},
	Create: func(r *cloud.Request) (string, error) {
		if err := checkAttachable(r.Account, r.Str("policyArn")); err != nil {
			return "", err
		}
		role := roleOf(r)
		role.Attached[r.Str("policyArn")] = r.URN
		return role.Name + "-" + r.Digits(26), nil
	},
	Delete: func(r *cloud.Request) error {
		delete(roleOf(r).Attached, r.Str("policyArn"))
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		role := roleOf(r)
		if role == nil || role.Attached[r.Str("policyArn")] == "" {
			return nil
		}
		return engine.Props{}
	},
})

func roleOf(r *cloud.Request) *Role { return Roles.Get(r.Account, r.Str("role")) }
