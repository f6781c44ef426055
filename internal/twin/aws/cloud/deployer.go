package cloud

import (
	"fmt"
	"maps"
	"strings"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

var lawDeployer = law.New(law.References, "deployer-permissions",
	"Whoever deploys needs a permission for each call that the provider makes for an operation, on each resource of the call, "+
		"and for what AWS does in the caller's name: tag, pass a role, create a service-linked role.",
	"https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html")

// deployers are the principals that deploy, by stack.
var deployers = NewState(func() map[string]iam.Principal { return map[string]iam.Principal{} })

// DeployAs gives a stack a principal of its own, which needs permissions. All
// other stacks are deployed by an administrator.
func (a *Account) DeployAs(stack string, p iam.Principal) { deployers.In(a)[stack] = p }

// Deployer is a session of a role that has the policies and nothing else.
func (a *Account) Deployer(role string, policies ...iam.Document) iam.Principal {
	return iam.Principal{
		ARN: a.ARN("sts", "", a.ID, "assumed-role/"+role+"/pulumi"), RoleARN: a.ARN("iam", "", a.ID, "role/"+role),
		Account: a.ID, Policies: policies,
	}
}

// Caller is the principal behind the provider of a stack's program, which any URN
// of the stack tells.
func (a *Account) Caller(urn string) iam.Principal {
	if p, ok := deployers.In(a)[stackOf(urn)]; ok {
		return p
	}
	administrator, _ := iam.Managed(a.ARN("iam", "", "aws", "policy/AdministratorAccess"))
	return iam.Principal{
		ARN: a.ARN("iam", "", a.ID, "user/deployer"), Account: a.ID, Policies: []iam.Document{administrator},
	}
}

// Caller is the principal that makes the request.
func (r *Request) Caller() iam.Principal {
	urn := r.URN
	if urn == "" {
		urn = r.by
	}
	return r.Account.Caller(urn)
}

// stackOf is "dev" for "urn:pulumi:dev::project::type::name".
func stackOf(urn string) string {
	stack, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return stack
}

// ask refuses the first of the calls that the caller may not make.
func (r *Request) ask(list []Call) error {
	p := r.Caller()
	if p.RoleARN == "" {
		return nil // an administrator
	}
	for _, call := range list {
		if call.when != nil && !call.when(r) {
			continue
		}
		for _, target := range call.targets(r) {
			if err := r.Account.allow(p, call.Action, target); err != nil {
				return err
			}
		}
		if call.then != nil {
			call.then(r)
		}
	}
	return nil
}

// targets are the resources of a call, each with all condition keys.
func (c Call) targets(r *Request) (list []Target) {
	for _, on := range c.on {
		list = append(list, on(r)...)
	}
	if len(c.on) == 0 {
		list = []Target{{ARN: "*"}}
	}
	if c.keys == nil {
		return list
	}
	for i := range list {
		keys := iam.Context{}
		maps.Copy(keys, list[i].Keys)
		maps.Copy(keys, c.keys(r))
		list[i].Keys = keys
	}
	return list
}

func (a *Account) allow(p iam.Principal, action string, on Target) error {
	q := iam.NewQuery(p, action, on.ARN)
	maps.Copy(q.Context, on.Keys)
	asked.In(a).note(q, on.Keys)
	effect, _ := iam.EvaluateIdentity(q)
	if effect == iam.Allowed {
		return nil
	}
	var files []string
	for _, policy := range p.Policies {
		files = append(files, policy.Name)
	}
	code, sentence := "AccessDeniedException", ""
	switch service, _, _ := strings.Cut(action, ":"); service {
	case "ec2":
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
		code, sentence = "UnauthorizedOperation", "You are not authorized to perform this operation. "
	case "iam", "route53":
		code = "AccessDenied"
	}
	return fmt.Errorf("calling AWS with the permissions in %s: %w", strings.Join(files, ", "),
		lawDeployer.Refuse(code, "%sUser: %s is not authorized to perform: %s on resource: %s %s",
			sentence, p.ARN, action, on.ARN, reason(effect, q)))
}

// reason is why AWS refuses, in its words.
func reason(effect iam.Effect, q iam.Query) string {
	switch {
	case effect == iam.Denied:
		return "with an explicit deny in an identity-based policy"
	case iam.Bounded(q):
		return "because no permissions boundary allows the " + q.Action + " action"
	}
	return "because no identity-based policy allows the " + q.Action + " action"
}
