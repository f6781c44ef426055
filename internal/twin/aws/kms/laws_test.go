package kms_test

import (
	"fmt"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/kms"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		awstest.Refuses("key-policy", "MalformedPolicyDocumentException", "will not allow you to update the key policy in the future",
			func(p *awstest.Program) error {
				return p.Try(awstest.Key, "key", engine.Props{"policy": keyPolicy("kms:Decrypt", accountRoot)})
			}),
		awstest.Refuses("key-deletion-window", "", "to be in the range (7 - 30), got 5", func(p *awstest.Program) error {
			return p.Try(awstest.Key, "key", engine.Props{"deletionWindowInDays": 5})
		}),
	})
}

const (
	accountRoot = "arn:aws:iam::123456789012:root"
	deployer    = "arn:aws:iam::123456789012:user/deployer"
)

// keyPolicy lets principals do something with a key.
func keyPolicy(action string, principals ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["%s"]},"Action":%q,"Resource":"*"}]}`,
		strings.Join(principals, `","`), action)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Refuses("key-policy", "MalformedPolicyDocumentException", "Syntax errors in policy.", awstest.Key, engine.Props{"policy": "{"})
	p.Refuses("key-policy", "MalformedPolicyDocumentException", "one or more invalid principals", awstest.Key,
		engine.Props{"policy": keyPolicy("kms:*", accountRoot, "arn:aws:iam::123456789012:role/nobody")})
	p.Refuses("key-policy", "", "got 30", awstest.Key, engine.Props{"rotationPeriodInDays": 30})
	p.Up(awstest.Key, "key", engine.Props{"deletionWindowInDays": 7, "policy": keyPolicy("kms:*", deployer)})
	p.Refused(p.Update("key", engine.Props{"policy": keyPolicy("kms:Decrypt", deployer)}), "key-policy", "MalformedPolicyDocumentException")
	p.Leftovers("kms key " + p.ID("key"))
	key := kms.Keys.Get(p.Account.Account, p.ID("key"))
	p.Down("key")
	p.Leftovers()
	if days := key.Pending.Sub(world.Epoch).Hours() / 24; days < 7 || days > 7.1 {
		t.Errorf("pending until %s", key.Pending)
	}
}
