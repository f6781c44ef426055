// Package roles is IAM as far as the account keeps it: roles, their policies, and
// the sessions that services begin with them.
package roles

import (
	"errors"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// Role is an IAM role with its policies.
type Role struct {
	cloud.Meta
	UniqueID string
	Trust    string
	Created  string
	Inline   map[string]iam.Document // by name
	Attached map[string]string       // policy ARN -> URN of the attachment
	Boundary string                  // ARN of the permissions boundary, empty for none
}

// Policy is a policy that the account itself manages.
type Policy struct {
	cloud.Meta
	Text     string
	PolicyID string
}

var (
	lawRoleName = law.New(law.References, "role-name",
		"A role's name has at most 64 characters out of letters, digits and +=,.@-_ and is unique in the account.",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
	lawRoleExists = law.New(law.References, "role-exists",
		"The role and the policy of an attachment, and the role of an inline policy, must exist.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html")
	lawBoundary = law.New(law.References, "permissions-boundary",
		"A role's permissions boundary is a managed policy that exists, and the role's sessions may do only what the boundary allows as well.",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html")
	lawPolicyText = law.New(law.References, "policy-document",
		"IAM refuses a policy document with a mistake in it.",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html")
)

// Roles are the account's roles by name.
var Roles = cloud.NewTable[*Role]("iam role", cloud.Missing{
	Law: lawRoleExists, Code: "NoSuchEntity", Format: "The role with name %s cannot be found.", Global: true,
})

// Policies are the account's own policies by ARN.
var Policies = cloud.NewTable[*Policy]("iam policy", cloud.Missing{
	Law: lawRoleExists, Code: "NoSuchEntity", Format: "Policy %s does not exist or is not attachable.", Global: true,
})

// parse refuses a policy in AWS's words.
func parse(text string, use iam.Use) error {
	_, err := iam.Parse(text, use)
	var m *iam.MalformedError
	if errors.As(err, &m) {
		return lawPolicyText.Refuse("MalformedPolicyDocument", "%s", m.Reason)
	}
	return err
}
