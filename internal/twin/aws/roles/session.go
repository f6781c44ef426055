package roles

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
)

// Session is the principal that somebody becomes with a role.
func Session(a *cloud.Account, role *Role, name string) iam.Principal {
	return iam.Principal{
		ARN:     a.ARN("sts", "", a.ID, "assumed-role/"+role.Name+"/"+name),
		RoleARN: role.ARN, RoleID: role.UniqueID, Account: a.ID, Policies: Documents(a, role), Boundary: boundary(a, role),
	}
}

// boundary is a role's permissions boundary, nil for none.
func boundary(a *cloud.Account, role *Role) *iam.Document {
	if doc, ok := iam.Managed(role.Boundary); ok {
		return &doc
	}
	if p := Policies.Get(a, role.Boundary); p != nil {
		return &iam.Document{Name: p.Name, Text: p.Text}
	}
	return nil
}

// AddPolicy puts a policy into the account that exists before the program.
func AddPolicy(a *cloud.Account, arn, text string) {
	Policies.Put(a, &Policy{Meta: cloud.Meta{ID: arn, ARN: arn, Name: cloud.Tail(arn, "/"), NoLeftover: true}, Text: text})
}

// Documents are the policies that hold for a role's sessions.
func Documents(a *cloud.Account, role *Role) []iam.Document {
	docs := cloud.Sorted(role.Inline)
	for _, arn := range slices.Sorted(maps.Keys(role.Attached)) {
		doc, ok := iam.Managed(arn)
		if !ok {
			p := Policies.Get(a, arn)
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

// Grants returns the URNs that attached one of the managed policies to a role.
func Grants(role *Role, policies ...string) []string {
	var urns []string
	for _, arn := range slices.Sorted(maps.Keys(role.Attached)) {
		if slices.Contains(policies, cloud.Tail(arn, "/")) {
			urns = append(urns, role.Attached[arn])
		}
	}
	return urns
}
