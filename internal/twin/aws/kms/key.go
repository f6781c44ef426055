// Package kms is the Key Management Service.
package kms

import (
	"maps"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// Key is a KMS key.
type Key struct {
	cloud.Meta
	Policy      string
	Description string
	Usage, Spec string
	Enabled     bool
	Rotated     bool
	RotatedDays int
	// Pending is until when its deletion can be cancelled, on the world's clock;
	// zero while nobody has asked for it.
	Pending time.Time
}

var (
	lawKeyPolicy = law.New(law.References, "key-policy",
		"A key's policy is well-formed, names principals that exist and lets its author change it again.",
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html")
	lawKeyDeletion = law.New(law.Deletion, "key-deletion-window",
		"A key is deleted after 7 to 30 days; until then it is of no use, costs nothing and can be restored.",
		"https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html")
)

// Keys are the keys by id.
var Keys = cloud.NewTable[*Key]("kms key", cloud.Missing{})

var _ = cloud.DefineType(cloud.Type[*Key]{
	Schema: cloud.Schema{
		Token:     "aws:kms/key:Key",
		ForceNew:  []string{"keyUsage", "customerMasterKeySpec", "customKeyStoreId", "multiRegion", "xksKeyId"},
		Documents: []string{"policy"},
		Defaults: engine.Props{"keyUsage": "ENCRYPT_DECRYPT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "isEnabled": true,
			"enableKeyRotation": false, "bypassPolicyLockoutSafetyCheck": false},
		// The provider waits until the key shows everywhere.
		Takes: cloud.Durations{Create: 10 * time.Second, Update: 10 * time.Second, Delete: 5 * time.Second},
		Check: func(c *cloud.Checker) {
			c.Between(lawKeyDeletion, "deletionWindowInDays", 7, 30)
			c.Between(lawKeyPolicy, "rotationPeriodInDays", 90, 2560)
			c.OneOf("keyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
		},
	},
	Table: Keys,
	Create: func(r *cloud.Request) (*Key, error) {
		id := cloud.UUID(r.Digits(32))
		k := &Key{Meta: r.Meta(id, r.ARN("kms", "key/"+id), ""), Usage: r.Str("keyUsage"), Spec: r.Str("customerMasterKeySpec")}
		return k, k.put(r)
	},
	Update: func(r *cloud.Request, k *Key) error { return k.put(r) },
	Delete: func(r *cloud.Request, k *Key) error {
		days := cloud.Number(r.Or("deletionWindowInDays", 30))
		k.Enabled, k.NoLeftover, k.Pending = false, true, r.Account.World.Now().AddDate(0, 0, days)
		return nil
	},
	Outputs: func(_ *cloud.Request, k *Key) engine.Props {
		if !k.Pending.IsZero() {
			return nil
		}
		return engine.Props{"arn": k.ARN, "keyId": k.ID, "policy": k.Policy, "description": k.Description, "isEnabled": k.Enabled,
			"enableKeyRotation": k.Rotated, "rotationPeriodInDays": k.RotatedDays, "multiRegion": false}
	},
})

// put gives a key what its inputs say.
func (k *Key) put(r *cloud.Request) error {
	policy := r.Str("policy")
	if policy == "" {
		policy = defaultPolicy(r.Account)
	}
	if err := k.checkPolicy(r, policy); err != nil {
		return err
	}
	k.Policy, k.Description = policy, r.Str("description")
	k.Enabled, k.Rotated, k.RotatedDays = r.Flag("isEnabled"), r.Flag("enableKeyRotation"), 0
	if k.Rotated {
		k.RotatedDays = cloud.Number(r.Or("rotationPeriodInDays", 365))
	}
	return nil
}

// defaultPolicy leaves the decision to the account's identity policies.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func defaultPolicy(a *cloud.Account) string {
	return `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"` +
		a.ARN("iam", "", a.ID, "root") + `"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
}

func (k *Key) checkPolicy(r *cloud.Request, text string) error {
	const code = "MalformedPolicyDocumentException"
	p, err := iam.Parse(text, iam.Resource)
	if err != nil {
		return lawKeyPolicy.Refuse(code, "%v", err)
	}
	for i := range p.Statements.Values() {
		principal := p.Statements.Values()[i].Principal
		if principal == nil || principal.AWS() == nil {
			continue
		}
		for _, arn := range principal.AWS().Values() {
			if strings.Contains(arn, ":role/") && roles.Roles.ByARN(r.Account, arn) == nil {
				return lawKeyPolicy.Refuse(code, "Policy contains a statement with one or more invalid principals.")
			}
		}
	}
	after := *k
	after.Policy, after.Enabled = text, true
	author := r.Caller()
	if all, ok := iam.Managed(r.Account.ARN("iam", "", "aws", "policy/AdministratorAccess")); ok {
		author.Policies = []iam.Document{all} // the check is about the key's policy alone
	}
	if !after.Allows(r.Account, author, "kms:PutKeyPolicy") && !r.Flag("bypassPolicyLockoutSafetyCheck") {
		return lawKeyPolicy.Refuse(code, "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

// Allows asks the key's policy, and the identity policies of the principal where
// the key's policy leaves the decision to the account.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (k *Key) Allows(a *cloud.Account, p iam.Principal, action string) bool {
	q := iam.NewQuery(p, action, k.ARN)
	maps.Copy(q.Context, cloud.Existing(k.Info()).Keys)
	identity, _ := iam.EvaluateIdentity(q)
	itself := q
	itself.Principal.Account = "" // so that a statement about the account is none about the principal
	direct := iam.Evaluate(k.Policy, iam.Resource, itself)
	account := q
	account.Principal = iam.Principal{ARN: a.ARN("iam", "", a.ID, "root"), Account: a.ID}
	delegated := iam.Evaluate(k.Policy, iam.Resource, account)
	if slices.Contains([]iam.Effect{identity, direct, delegated}, iam.Denied) {
		return false
	}
	return direct == iam.Allowed || delegated == iam.Allowed && identity == iam.Allowed
}
