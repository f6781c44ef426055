package roles_test

import (
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
)

// A session may do what both its policies and its boundary allow.
func TestPermissionsBoundary(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	const arn = "arn:aws:iam::123456789012:policy/boundary"
	roles.AddPolicy(p.Account.Account, arn, awstest.Allowing("ec2:*"))
	in := engine.Props{"name": "app", "assumeRolePolicy": awstest.Trust(awstest.PodIdentityService), "permissionsBoundary": arn}
	p.Up(awstest.Role, "app", in)
	p.Up(awstest.RolePolicy, "all", engine.Props{"role": p.ID("app"), "policy": awstest.Allowing("*")})
	session := func() iam.Principal {
		return roles.Session(p.Account.Account, roles.Roles.Get(p.Account.Account, "app"), "x")
	}
	if err := p.Account.Authorize(session(), "ec2:RunInstances", "*"); err != nil {
		t.Error(err)
	}
	p.Refused(p.Account.Authorize(session(), "iam:CreateRole", "*"), "identity-policies", "AccessDeniedException",
		"because no permissions boundary allows the iam:CreateRole action")
	if err := p.Update("app", engine.Props{"permissionsBoundary": nil}); err != nil {
		t.Fatal(err)
	}
	if err := p.Account.Authorize(session(), "iam:CreateRole", "*"); err != nil {
		t.Errorf("without a boundary: %v", err)
	}
	if left := p.Account.Leftovers(); len(left) != 1 {
		t.Errorf("left over, besides the role: %q", left)
	}
}
