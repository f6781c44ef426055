package roles

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

var lawRoleDeletion = law.New(law.Deletion, "role-has-policies",
	"A role with attached or inline policies cannot be deleted.",
	"https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html")

var validName = regexp.MustCompile(`^[\w+=,.@-]+$`)

var _ = cloud.DefineType(cloud.Type[*Role]{
	Schema: cloud.Schema{
		Token:     "aws:iam/role:Role",
		Required:  []string{"assumeRolePolicy"},
		ForceNew:  []string{"name", "namePrefix", "path"},
		Sets:      []string{"managedPolicyArns", "inlinePolicies"},
		Documents: []string{"assumeRolePolicy", "inlinePolicies.policy"},
		Autoname:  "name",
		NameMax:   64,
		Defaults:  engine.Props{"path": "/", "maxSessionDuration": 3600.0, "forceDetachPolicies": false},
		Takes:     cloud.Durations{Create: 3 * time.Second},
		Check: func(c *cloud.Checker) {
			if name, ok := c.Known("name"); ok && !validName.MatchString(name) {
				c.Fail("name", "invalid value for name (must match [\\w+=,.@-])")
			}
		},
	},
	Table:  Roles,
	Create: createRole,
	Update: func(r *cloud.Request, role *Role) error {
		if err := parse(r.Str("assumeRolePolicy"), iam.Trust); err != nil {
			return err
		}
		role.Trust = r.Str("assumeRolePolicy")
		if err := role.bound(r); err != nil {
			return err
		}
		for _, arn := range cloud.Texts(r.Old["managedPolicyArns"]) {
			if !slices.Contains(r.List("managedPolicyArns"), arn) {
				delete(role.Attached, arn)
			}
		}
		for _, in := range cloud.Objects(r.Old["inlinePolicies"]) {
			delete(role.Inline, cloud.Text(in["name"]))
		}
		return role.putOwnPolicies(r)
	},
	Delete: deleteRole,
	Outputs: func(_ *cloud.Request, role *Role) engine.Props {
		inline := []any{}
		for _, doc := range cloud.Sorted(role.Inline) {
			inline = append(inline, engine.Props{"name": doc.Name, "policy": doc.Text})
		}
		return engine.Props{"arn": role.ARN, "createDate": role.Created, "uniqueId": role.UniqueID, "name": role.Name, "namePrefix": "",
			"assumeRolePolicy":    role.Trust,
			"permissionsBoundary": role.Boundary,
			"managedPolicyArns":   cloud.List(slices.Sorted(maps.Keys(role.Attached))), "inlinePolicies": inline}
	},
})

func createRole(r *cloud.Request) (*Role, error) {
	name := r.Str("name")
	if len(name) > 64 {
		return nil, lawRoleName.Refuse("ValidationError", "1 validation error detected: "+
			"Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64")
	}
	if Roles.Get(r.Account, name) != nil {
		return nil, lawRoleName.Refuse("EntityAlreadyExists", "Role with name %s already exists.", name)
	}
	if err := parse(r.Str("assumeRolePolicy"), iam.Trust); err != nil {
		return nil, err
	}
	role := &Role{
		Meta:     r.Meta(name, r.Account.ARN("iam", "", r.Account.ID, "role"+r.Str("path")+name), name),
		UniqueID: "AROA" + strings.ToUpper(r.Digits(17)), Trust: r.Str("assumeRolePolicy"), Created: r.Now(),
		Inline: map[string]iam.Document{}, Attached: map[string]string{},
	}
	if err := role.bound(r); err != nil {
		return nil, err
	}
	return role, role.putOwnPolicies(r)
}

// bound gives a role the permissions boundary of its inputs.
func (role *Role) bound(r *cloud.Request) error {
	arn := r.Str("permissionsBoundary")
	if _, ok := iam.Managed(arn); !ok && arn != "" && Policies.Get(r.Account, arn) == nil {
		return lawBoundary.Refuse("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	role.Boundary = arn
	return nil
}

// putOwnPolicies puts the policies that a role's own inputs name.
func (role *Role) putOwnPolicies(r *cloud.Request) error {
	for _, arn := range r.List("managedPolicyArns") {
		if err := checkAttachable(r.Account, arn); err != nil {
			return err
		}
		if role.Attached[arn] == "" {
			role.Attached[arn] = r.URN
		}
	}
	for _, in := range r.Objs("inlinePolicies") {
		if err := role.putInline(r, cloud.Text(in["name"]), cloud.Text(in["policy"])); err != nil {
			return err
		}
	}
	return nil
}

func (role *Role) putInline(r *cloud.Request, name, text string) error {
	if err := parse(text, iam.Identity); err != nil {
		return err
	}
	role.Inline[name] = iam.Document{Name: name, Text: text, By: r.URN}
	return nil
}

// deleteRole deletes the policies of the role's own inputs with it.
func deleteRole(r *cloud.Request, role *Role) error {
	force := r.Flag("forceDetachPolicies")
	maps.DeleteFunc(role.Attached, func(_, by string) bool { return force || by == r.URN })
	maps.DeleteFunc(role.Inline, func(_ string, d iam.Document) bool { return force || d.By == r.URN })
	if len(role.Attached) > 0 {
		return lawRoleDeletion.Refuse("DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	if len(role.Inline) > 0 {
		return lawRoleDeletion.Refuse("DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	Roles.Delete(r.Account, role.ID)
	return nil
}
