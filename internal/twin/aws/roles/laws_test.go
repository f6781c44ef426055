package roles_test

import (
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, laws)
}

// app creates a role with a name of its own.
func app(p *awstest.Program) {
	p.Up(awstest.Role, "app", engine.Props{"name": "app", "assumeRolePolicy": awstest.Trust(awstest.PodIdentityService)})
}

var laws = []lawtest.Counterexample{
	awstest.Refuses("role-name", "EntityAlreadyExists", "Role with name app already exists.", func(p *awstest.Program) error {
		app(p)
		return p.Try(awstest.Role, "other", engine.Props{"name": "app", "assumeRolePolicy": awstest.Trust(awstest.PodIdentityService)})
	}),
	awstest.Refuses("policy-document", "MalformedPolicyDocument", "Syntax errors in policy.", func(p *awstest.Program) error {
		return p.Try(awstest.Role, "role", engine.Props{"assumeRolePolicy": "{"})
	}),
	awstest.Refuses("permissions-boundary", "NoSuchEntity", "Scope ARN: arn:aws:iam::123456789012:policy/none does not exist",
		func(p *awstest.Program) error {
			return p.Try(awstest.Role, "role", engine.Props{"assumeRolePolicy": awstest.Trust(awstest.PodIdentityService),
				"permissionsBoundary": "arn:aws:iam::123456789012:policy/none"})
		}),
	awstest.Refuses("role-exists", "NoSuchEntity", "The role with name nobody cannot be found.", func(p *awstest.Program) error {
		return p.Try(awstest.RolePolicy, "policy", engine.Props{"role": "nobody", "policy": awstest.Allowing("ec2:Describe*")})
	}),
	awstest.Refuses("role-has-policies", "DeleteConflict", "Cannot delete entity, must detach all policies first.",
		func(p *awstest.Program) error {
			app(p)
			p.Attach("attached", "app", "AmazonEKS_CNI_Policy")
			return p.Delete("app")
		}),
	awstest.Refuses("policy-attached", "DeleteConflict", "Cannot delete a policy attached to entities. (role app)",
		func(p *awstest.Program) error {
			app(p)
			p.Up(awstest.Policy, "own", engine.Props{"policy": awstest.Allowing("s3:*")})
			p.Up(awstest.RolePolicyAttachment, "own-attached", engine.Props{"role": "app", "policyArn": p.ID("own")})
			return p.Delete("own")
		}),
}

func TestPolicyDocuments(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	app(p)
	const law, code = "policy-document", "MalformedPolicyDocument"
	p.Refuses(law, code, "Has prohibited field Resource", awstest.Role,
		engine.Props{"assumeRolePolicy": strings.Replace(awstest.Trust(awstest.NodeService), `"Action"`, `"Resource":"*","Action"`, 1)})
	p.Refuses(law, code, "Policy document should not specify a principal.", awstest.RolePolicy,
		engine.Props{"role": "app", "policy": awstest.AnybodySigned})
	p.Refuses(law, code, "must be prefaced by a vendor", awstest.RolePolicy, engine.Props{"role": "app", "policy": awstest.Allowing("Invoke")})
	p.Refuses("role-exists", "NoSuchEntity", "does not exist or is not attachable.", awstest.RolePolicyAttachment,
		engine.Props{"role": "app", "policyArn": "arn:aws:iam::aws:policy/NoSuchPolicy"})
	err := p.Try(awstest.Role, strings.Repeat("x", 60), engine.Props{"assumeRolePolicy": awstest.Trust(awstest.NodeService)})
	if err == nil || !awstest.Contains(err.Error(), "expected length of name to be in the range (1 - 64)") {
		t.Errorf("an automatic name of 68 characters: %v", err)
	}
}

func TestRoleDeletion(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	app(p)
	p.Attach("attached", "app", "AmazonEKS_CNI_Policy")
	p.Up(awstest.RolePolicy, "inline", engine.Props{"role": "app", "policy": awstest.Allowing("s3:*")})
	p.Down("attached")
	p.Refused(p.Delete("app"), "role-has-policies", "DeleteConflict", "Cannot delete entity, must delete policies first.")
	p.Down("inline", "app")
}
