package roles

import (
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
)

// SourceKeys are the condition keys with which a service says for which resource
// of the account it assumes a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn
func SourceKeys(a *cloud.Account, arn string) iam.Context {
	sent := iam.Context{}
	sent.Set("aws:SourceAccount", a.ID)
	sent.Set("aws:SourceArn", arn)
	return sent
}
