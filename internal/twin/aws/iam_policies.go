package aws

import (
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// Policy is a policy that the account itself manages.
type Policy struct {
	Meta
	Text     string
	PolicyID string
}

var lawPolicyDeletion = law.New(law.Deletion, "policy-attached",
	"A managed policy that is attached to a role cannot be deleted.",
	"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html")

// roleOf finds a role by name; some programs give the ARN.
func (r *request) roleOf(property string) (*Role, error) {
	name := r.str(property)
	role := r.iam.roles[name]
	if role == nil {
		return nil, lawRoleExists.Refuse("NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	return role, nil
}

// attachable tells whether a managed policy of that ARN exists.
func (r *request) attachable(arn string) error {
	if _, ok := iam.Managed(arn); ok || r.iam.policies[arn] != nil {
		return nil
	}
	return lawRoleExists.Refuse("NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
}

var rolePolicyKind = &kind{
	token:     "aws:iam/rolePolicy:RolePolicy",
	required:  []string{"policy", "role"},
	forceNew:  []string{"name", "namePrefix", "role"},
	documents: []string{"policy"},
	autoname:  "name",
	nameMax:   128,
	untagged:  true,
	create: func(r *request) (string, error) {
		role, err := r.roleOf("role")
		if err != nil {
			return "", err
		}
		return role.Name + ":" + r.str("name"), r.putInline(role)
	},
	update: func(r *request) error {
		role, err := r.roleOf("role")
		if err != nil {
			return err
		}
		return r.putInline(role)
	},
	remove: func(r *request) error {
		delete(r.iam.roles[r.str("role")].Inline, r.str("name"))
		return nil
	},
	outputs: func(r *request) engine.Props {
		role := r.iam.roles[r.str("role")]
		if role == nil {
			return nil
		}
		doc, ok := role.Inline[r.str("name")]
		if !ok {
			return nil
		}
		return engine.Props{"namePrefix": "", "policy": doc.Text}
	},
}

func (r *request) putInline(role *Role) error {
	if _, err := iam.Parse(r.str("policy"), iam.Identity); err != nil {
		return malformed(err)
	}
	role.Inline[r.str("name")] = iam.Document{Name: r.str("name"), Text: r.str("policy"), By: r.urn}
	return nil
}

var attachmentKind = &kind{
	token:    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
	required: []string{"policyArn", "role"},
	forceNew: []string{"policyArn", "role"},
	untagged: true,
	create: func(r *request) (string, error) {
		role, err := r.roleOf("role")
		if err != nil {
			return "", err
		}
		if err := r.attachable(r.str("policyArn")); err != nil {
			return "", err
		}
		role.Attached[r.str("policyArn")] = r.urn
		return role.Name + "-" + r.World.ID(r.urn, 26), nil
	},
	remove: func(r *request) error {
		delete(r.iam.roles[r.str("role")].Attached, r.str("policyArn"))
		return nil
	},
	outputs: func(r *request) engine.Props {
		role := r.iam.roles[r.str("role")]
		if role == nil || role.Attached[r.str("policyArn")] == "" {
			return nil
		}
		return engine.Props{}
	},
}

var policyKind = &kind{
	token:     "aws:iam/policy:Policy",
	required:  []string{"policy"},
	forceNew:  []string{"name", "namePrefix", "path", "description"},
	documents: []string{"policy"},
	autoname:  "name",
	nameMax:   128,
	defaults:  engine.Props{"path": "/"},
	create: func(r *request) (string, error) {
		arn := r.arn("iam", "", r.ID, "policy"+r.str("path")+r.str("name"))
		if r.iam.policies[arn] != nil {
			return "", lawRoleName.Refuse("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", r.str("name"))
		}
		p := &Policy{Meta: r.meta(arn, arn, r.str("name")), PolicyID: "ANPA" + strings.ToUpper(r.World.ID(r.urn, 17))}
		if err := p.put(r); err != nil {
			return "", err
		}
		r.iam.policies[arn] = p
		return arn, nil
	},
	update: func(r *request) error { return r.iam.policies[r.id].put(r) },
	remove: func(r *request) error {
		for _, role := range sorted(r.iam.roles) {
			if role.Attached[r.id] != "" {
				return lawPolicyDeletion.Refuse("DeleteConflict", "Cannot delete a policy attached to entities. (role %s)", role.Name)
			}
		}
		delete(r.iam.policies, r.id)
		return nil
	},
	outputs: func(r *request) engine.Props {
		p := r.iam.policies[r.id]
		if p == nil {
			return nil
		}
		return engine.Props{"arn": p.ARN, "policyId": p.PolicyID, "attachmentCount": 0, "namePrefix": "",
			"policy": p.Text, "tagsAll": p.tagsAll()}
	},
}

func (p *Policy) put(r *request) error {
	if _, err := iam.Parse(r.str("policy"), iam.Identity); err != nil {
		return malformed(err)
	}
	p.Text, p.Tags = r.str("policy"), r.tags()
	return nil
}
