package aws

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// iamState is what IAM keeps.
type iamState struct {
	roles    map[string]*Role
	policies map[string]*Policy // by ARN
}

func newIAM() iamState {
	return iamState{roles: map[string]*Role{}, policies: map[string]*Policy{}}
}

// Role is an IAM role with its policies.
type Role struct {
	Meta
	UniqueID string
	Trust    string
	Created  string
	Inline   map[string]iam.Document // by name
	Attached map[string]string       // policy ARN -> URN of the attachment
}

var (
	lawRoleName = law.New(law.References, "role-name",
		"A role's name has at most 64 characters out of letters, digits and +=,.@-_ and is unique in the account.",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
	lawRoleExists = law.New(law.References, "role-exists",
		"The role and the policy of an attachment, and the role of an inline policy, must exist.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html")
	lawPolicyText = law.New(law.References, "policy-document",
		"IAM refuses a policy document with a mistake in it.",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html")
	lawRoleProfile = law.New(law.Deletion, "role-in-instance-profile",
		"The role of a managed node group cannot be deleted: EKS keeps it in an instance profile while the group exists.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html")
	lawRoleDeletion = law.New(law.Deletion, "role-has-policies",
		"A role with attached or inline policies cannot be deleted.",
		"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html")
)

var roleKind = &kind{
	token:     "aws:iam/role:Role",
	required:  []string{"assumeRolePolicy"},
	forceNew:  []string{"name", "namePrefix", "path"},
	sets:      []string{"managedPolicyArns", "inlinePolicies"},
	documents: []string{"assumeRolePolicy", "inlinePolicies.policy"},
	autoname:  "name",
	nameMax:   64,
	defaults:  engine.Props{"path": "/", "maxSessionDuration": 3600.0, "forceDetachPolicies": false},
	check: func(c *checker) {
		if name, ok := c.known("name"); ok && !validName.MatchString(name) {
			c.fail("name", "invalid value for name (must match [\\w+=,.@-])")
		}
	},
	create: createRole,
	update: func(r *request) error {
		role := r.roleByID(r.id)
		if _, err := iam.Parse(r.str("assumeRolePolicy"), iam.Trust); err != nil {
			return malformed(err)
		}
		role.Trust, role.Tags = r.str("assumeRolePolicy"), r.tags()
		for _, arn := range texts(r.old["managedPolicyArns"]) {
			if !slices.Contains(r.list("managedPolicyArns"), arn) {
				delete(role.Attached, arn)
			}
		}
		for _, in := range objs(r.old["inlinePolicies"]) {
			delete(role.Inline, text(in["name"]))
		}
		return r.roleExtras(role)
	},
	remove:  deleteRole,
	outputs: roleOutputs,
}

func (a *Account) roleByID(name string) *Role { return a.iam.roles[name] }

func createRole(r *request) (string, error) {
	name := r.str("name")
	if len(name) > 64 {
		return "", lawRoleName.Refuse("ValidationError",
			"1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64")
	}
	if r.iam.roles[name] != nil {
		return "", lawRoleName.Refuse("EntityAlreadyExists", "Role with name %s already exists.", name)
	}
	if _, err := iam.Parse(r.str("assumeRolePolicy"), iam.Trust); err != nil {
		return "", malformed(err)
	}
	role := &Role{
		Meta:     r.meta(name, r.arn("iam", "", r.ID, "role"+r.str("path")+name), name),
		UniqueID: "AROA" + strings.ToUpper(r.World.ID(r.urn, 17)),
		Trust:    r.str("assumeRolePolicy"), Created: r.now(),
		Inline: map[string]iam.Document{}, Attached: map[string]string{},
	}
	if err := r.roleExtras(role); err != nil {
		return "", err
	}
	r.iam.roles[name] = role
	return name, nil
}

// roleExtras puts the policies that a role's own inputs name.
func (r *request) roleExtras(role *Role) error {
	for _, arn := range r.list("managedPolicyArns") {
		if err := r.attachable(arn); err != nil {
			return err
		}
		if role.Attached[arn] == "" {
			role.Attached[arn] = r.urn
		}
	}
	for _, in := range r.objs("inlinePolicies") {
		if _, err := iam.Parse(text(in["policy"]), iam.Identity); err != nil {
			return malformed(err)
		}
		role.Inline[text(in["name"])] = iam.Document{Name: text(in["name"]), Text: text(in["policy"]), By: r.urn}
	}
	return nil
}

func deleteRole(r *request) error {
	role := r.iam.roles[r.id]
	force := r.flag("forceDetachPolicies")
	maps.DeleteFunc(role.Attached, func(_, by string) bool { return force || by == r.urn })
	maps.DeleteFunc(role.Inline, func(_ string, d iam.Document) bool { return force || d.By == r.urn })
	if len(role.Attached) > 0 {
		return lawRoleDeletion.Refuse("DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	if len(role.Inline) > 0 {
		return lawRoleDeletion.Refuse("DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	for _, ng := range sorted(r.eks.nodeGroups) {
		if ng.RoleARN == role.ARN {
			return lawRoleProfile.Refuse("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first. (node group %s)", ng.Name)
		}
	}
	delete(r.iam.roles, r.id)
	return nil
}

func roleOutputs(r *request) engine.Props {
	role := r.iam.roles[r.id]
	if role == nil {
		return nil
	}
	inline := []any{}
	for _, doc := range sorted(role.Inline) {
		inline = append(inline, engine.Props{"name": doc.Name, "policy": doc.Text})
	}
	return engine.Props{"arn": role.ARN, "createDate": role.Created, "uniqueId": role.UniqueID, "name": role.Name, "namePrefix": "",
		"assumeRolePolicy": role.Trust, "tagsAll": role.tagsAll(),
		"managedPolicyArns": list(slices.Sorted(maps.Keys(role.Attached))), "inlinePolicies": inline}
}

func malformed(err error) error {
	var m *iam.Malformed
	if errors.As(err, &m) {
		return lawPolicyText.Refuse("MalformedPolicyDocument", "%s", m.Reason)
	}
	return err
}

// roleByARN returns nil when there is none.
func (a *Account) roleByARN(arn string) *Role {
	for _, role := range sorted(a.iam.roles) {
		if role.ARN == arn {
			return role
		}
	}
	return nil
}

// documents are the policies that hold for a role's sessions.
func (a *Account) documents(role *Role) []iam.Document {
	docs := sorted(role.Inline)
	for _, arn := range slices.Sorted(maps.Keys(role.Attached)) {
		doc, ok := iam.Managed(arn)
		if !ok {
			p := a.iam.policies[arn]
			if p == nil {
				continue
			}
			doc = iam.Document{Name: p.Name, Text: p.Text}
		}
		doc.By = role.Attached[arn]
		docs = append(docs, doc)
	}
	return docs
}
