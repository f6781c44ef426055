package roles

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
)

var _ = cloud.DefineType(cloud.Type[*Policy]{
	Schema: cloud.Schema{
		Token:     "aws:iam/policy:Policy",
		Required:  []string{"policy"},
		ForceNew:  []string{"name", "namePrefix", "path", "description"},
		Documents: []string{"policy"},
		Autoname:  "name",
		NameMax:   128,
		Defaults:  engine.Props{"path": "/"},
	},
	Table: Policies,
	Create: func(r *cloud.Request) (*Policy, error) {
		arn := r.Account.ARN("iam", "", r.Account.ID, "policy"+r.Str("path")+r.Str("name"))
		if Policies.Get(r.Account, arn) != nil {
			return nil, lawRoleName.Refuse("EntityAlreadyExists",
				"A policy called %s already exists. Duplicate names are not allowed.", r.Str("name"))
		}
		p := &Policy{Meta: r.Meta(arn, arn, r.Str("name")), PolicyID: "ANPA" + strings.ToUpper(r.Digits(17))}
		return p, p.put(r)
	},
	Update: func(r *cloud.Request, p *Policy) error { return p.put(r) },
	Outputs: func(_ *cloud.Request, p *Policy) engine.Props {
		return engine.Props{"arn": p.ARN, "policyId": p.PolicyID, "attachmentCount": 0, "namePrefix": "", "policy": p.Text}
	},
})

func (p *Policy) put(r *cloud.Request) error {
	if err := parse(r.Str("policy"), iam.Identity); err != nil {
		return err
	}
	p.Text = r.Str("policy")
	return nil
}

// checkAttachable refuses an ARN that is no managed policy's.
func checkAttachable(a *cloud.Account, arn string) error {
	if _, ok := iam.Managed(arn); ok || Policies.Get(a, arn) != nil {
		return nil
	}
	return Policies.NotFound(arn)
}
