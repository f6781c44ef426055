package aws

import (
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// Key is a KMS key.
type Key struct {
	Meta
	Policy      string
	Description string
	Usage, Spec string
	Enabled     bool
	Rotated     bool
	RotatedDays int
	Pending     time.Time // until when its deletion can be cancelled, on the world's clock; zero while nobody has asked for it
}

var (
	lawKeyPolicy = law.New(law.References, "key-policy",
		"A key's policy is well-formed, names principals that exist and lets who puts it change it again.",
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html")
	lawKeyDeletion = law.New(law.Deletion, "key-deletion-window",
		"A key is deleted after 7 to 30 days; until then it is of no use, costs nothing and can be brought back.",
		"https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html")
)

var keyKind = &kind{
	token:     "aws:kms/key:Key",
	forceNew:  []string{"keyUsage", "customerMasterKeySpec", "customKeyStoreId", "multiRegion", "xksKeyId"},
	documents: []string{"policy"},
	defaults: engine.Props{"keyUsage": "ENCRYPT_DECRYPT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "isEnabled": true,
		"enableKeyRotation": false, "bypassPolicyLockoutSafetyCheck": false},
	check: func(c *checker) {
		c.between("deletionWindowInDays", 7, 30, lawKeyDeletion)
		c.between("rotationPeriodInDays", 90, 2560, lawKeyPolicy)
		c.oneOf("keyUsage", "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
	},
	create: func(r *request) (string, error) {
		id := uuid(r.World.ID(r.urn, 32))
		k := &Key{Meta: r.meta(id, r.arn("kms", r.region, r.ID, "key/"+id), ""), Usage: r.str("keyUsage"), Spec: r.str("customerMasterKeySpec")}
		if err := r.putKey(k); err != nil {
			return "", err
		}
		r.keys[id] = k
		return id, nil
	},
	update: func(r *request) error { return r.putKey(r.keys[r.id]) },
	remove: func(r *request) error {
		days := r.num("deletionWindowInDays")
		if days == 0 {
			days = 30
		}
		k := r.keys[r.id]
		k.Enabled, k.Pending = false, r.World.Now().AddDate(0, 0, days)
		return nil
	},
	outputs: func(r *request) engine.Props {
		k := r.keys[r.id]
		if k == nil || !k.Pending.IsZero() {
			return nil
		}
		return engine.Props{"arn": k.ARN, "keyId": k.ID, "policy": k.Policy, "description": k.Description, "isEnabled": k.Enabled,
			"enableKeyRotation": k.Rotated, "rotationPeriodInDays": k.RotatedDays, "multiRegion": false, "tagsAll": k.tagsAll()}
	},
}

// between checks a whole number, if it is known.
func (c *checker) between(property string, least, most int, l law.Law) {
	if n, ok := c.in[property].(float64); ok && (int(n) < least || int(n) > most) {
		c.fail(property, "expected %s to be in the range (%d - %d), got %d [law %s]", snake(property), least, most, int(n), l.ID)
	}
}

// putKey makes a key what its inputs say.
func (r *request) putKey(k *Key) error {
	policy := r.str("policy")
	if policy == "" {
		policy = r.defaultKeyPolicy()
	}
	if err := r.checkKeyPolicy(k, policy); err != nil {
		return err
	}
	k.Policy, k.Description, k.Tags = policy, r.str("description"), r.tags()
	k.Enabled, k.Rotated, k.RotatedDays = r.flag("isEnabled"), r.flag("enableKeyRotation"), 0
	if k.Rotated {
		k.RotatedDays = 365
		if days := r.num("rotationPeriodInDays"); days != 0 {
			k.RotatedDays = days
		}
	}
	return nil
}

// defaultKeyPolicy leaves it to the account's identity policies who may do what.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func (a *Account) defaultKeyPolicy() string {
	return `{"Id":"key-default-1","Statement":[{"Action":"kms:*","Effect":"Allow","Principal":{"AWS":"` +
		a.arn("iam", "", a.ID, "root") + `"},"Resource":"*","Sid":"Enable IAM User Permissions"}],"Version":"2012-10-17"}`
}

func (r *request) checkKeyPolicy(k *Key, text string) error {
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
		for _, who := range principal.AWS().Values() {
			if strings.Contains(who, ":role/") && r.roleByARN(who) == nil {
				return lawKeyPolicy.Refuse(code, "Policy contains a statement with one or more invalid principals.")
			}
		}
	}
	after := *k
	after.Policy, after.Enabled = text, true
	if !r.mayUseKey(&after, r.Caller(), "kms:PutKeyPolicy") && !r.flag("bypassPolicyLockoutSafetyCheck") {
		return lawKeyPolicy.Refuse(code, "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

// mayUseKey asks the key's policy, and the identity policies of the principal
// where the key's policy leaves it to the account.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (a *Account) mayUseKey(k *Key, p iam.Principal, action string) bool {
	q := iam.NewQuery(p, action, k.ARN)
	identity, _ := iam.EvaluateIdentity(q)
	itself := q
	itself.Principal.Account = "" // so that a statement about the account is none about the principal
	direct := iam.Evaluate(k.Policy, iam.Resource, itself)
	account := q
	account.Principal = iam.Principal{ARN: a.arn("iam", "", a.ID, "root"), Account: a.ID}
	delegated := iam.Evaluate(k.Policy, iam.Resource, account)
	if slices.Contains([]iam.Effect{identity, direct, delegated}, iam.Denied) {
		return false
	}
	return direct == iam.Allowed || delegated == iam.Allowed && identity == iam.Allowed
}

// roleSession is what EKS does with a role of the account.
func (a *Account) roleSession(role *Role, name string) iam.Principal {
	return iam.Principal{ARN: a.arn("sts", "", a.ID, "assumed-role/"+role.Name+"/"+name), RoleARN: role.ARN, Account: a.ID, Policies: a.documents(role)}
}

// keyByARN returns nil when there is none.
func (a *Account) keyByARN(arn string) *Key {
	for _, k := range sorted(a.keys) {
		if k.ARN == arn {
			return k
		}
	}
	return nil
}
