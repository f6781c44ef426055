package aws

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// keyPolicy lets principals do something with a key.
func keyPolicy(action string, principals ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["%s"]},"Action":%q,"Resource":"*"}]}`,
		strings.Join(principals, `","`), action)
}

const (
	accountRoot = "arn:aws:iam::123456789012:root"
	deployer    = "arn:aws:iam::123456789012:user/deployer"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.refuseAll(t, []refusal{
		{"syntax", lawKeyPolicy, "MalformedPolicyDocumentException", "Syntax errors in policy.", tKey, engine.Props{"policy": "{"}},
		{"principal", lawKeyPolicy, "MalformedPolicyDocumentException", "one or more invalid principals", tKey,
			engine.Props{"policy": keyPolicy("kms:*", accountRoot, "arn:aws:iam::123456789012:role/nobody")}},
		{"lockout", lawKeyPolicy, "MalformedPolicyDocumentException", "will not allow you to update the key policy in the future", tKey,
			engine.Props{"policy": keyPolicy("kms:Decrypt", accountRoot)}},
	})
	for property, days := range map[string]int{"deletionWindowInDays": 5, "rotationPeriodInDays": 30} {
		if _, err := p.try(tKey, property, engine.Props{property: days}); err == nil || !contains(err.Error(), "to be in the range", fmt.Sprintf("got %d", days)) {
			t.Errorf("%s of %d days: %v", property, days, err)
		}
	}
	p.up(tKey, "key", engine.Props{"deletionWindowInDays": 7, "policy": keyPolicy("kms:*", deployer)})
	p.broke(p.update("key", engine.Props{"policy": keyPolicy("kms:Decrypt", deployer)}), lawKeyPolicy, "MalformedPolicyDocumentException")
	if left := p.a.Leftovers(); !slices.Equal(left, []string{"kms key " + p.id("key")}) {
		t.Errorf("left over: %q", left)
	}
	key := p.a.keys[p.id("key")]
	p.down("key")
	if left, days := p.a.Leftovers(), key.Pending.Sub(world.Epoch).Hours()/24; len(left) > 0 || days < 7 || days > 7.1 {
		t.Errorf("left over: %q; pending until %s", left, key.Pending)
	}
	broken(lawKeyDeletion)
}

// encrypted are a cluster's inputs with a key.
func (p *program) encrypted(key string) engine.Props {
	return p.clusterInputs("", engine.Props{"encryptionConfig": engine.Props{"provider": engine.Props{"keyArn": p.get(key, "arn")}, "resources": []string{"secrets"}},
		"upgradePolicy": engine.Props{"supportType": "STANDARD"}})
}

func TestClusterKey(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tKey, "key", nil)
	p.up(tKey, "off", engine.Props{"isEnabled": false})
	p.up(tKey, "pair", engine.Props{"customerMasterKeySpec": "RSA_2048"})
	p.up(tKey, "deaf", engine.Props{"policy": keyPolicy("kms:PutKeyPolicy", deployer)})
	p.up(tKey, "mean", engine.Props{"policy": strings.Replace(keyPolicy("kms:PutKeyPolicy", accountRoot), `"kms:PutKeyPolicy"`, `["kms:PutKeyPolicy","kms:DescribeKey"]`, 1)})
	far := p.encrypted("key")
	far["encryptionConfig"] = engine.Props{"provider": engine.Props{"keyArn": "arn:aws:kms:us-east-1:123456789012:key/x"}, "resources": []string{"secrets"}}
	p.refuseAll(t, []refusal{
		{"far", lawClusterKey, "InvalidParameterException", "does not exist in ap-northeast-2", tCluster, far},
		{"off", lawClusterKey, "InvalidParameterException", "is disabled or pending deletion", tCluster, p.encrypted("off")},
		{"pair", lawClusterKey, "InvalidParameterException", "is not symmetric", tCluster, p.encrypted("pair")},
		{"deaf", lawClusterKey, "InvalidRequestException", "User not authorized to perform kms:DescribeKey operation", tCluster, p.encrypted("deaf")},
		{"mean", lawClusterKey, "InvalidRequestException", "User not authorized to perform kms:CreateGrant operation", tCluster, p.encrypted("mean")},
	})
	p.up(tCluster, "cluster", p.encrypted("key"))
	if !p.depends("cluster", "key", world.Create, lawClusterKey) {
		t.Error("the need of the key is not recorded")
	}
	p.a.keys[p.id("key")].Enabled = false
	if w := p.a.Warnings(); len(w) != 2 || !contains(w[0].String(), "is degraded", lawClusterKeyOutlives.ID) {
		t.Errorf("warnings of a cluster without its key: %q", w)
	}
	p.down("cluster")
	if !p.depends("cluster", "key", world.Delete, lawClusterKeyOutlives) {
		t.Error("that the key outlives the cluster is not recorded")
	}
	broken(lawClusterKeyOutlives)
}

// A key comes at any time and stays.
func TestClusterKeyStays(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tKey, "key", nil)
	p.up(tKey, "other", nil)
	p.up(tCluster, "cluster", p.clusterInputs("", nil))
	without := p.made["cluster"].in
	if err := p.update("cluster", engine.Props{"encryptionConfig": p.encrypted("key")["encryptionConfig"]}); err != nil {
		t.Fatal(err)
	}
	if err := p.update("cluster", engine.Props{"encryptionConfig": p.encrypted("other")["encryptionConfig"]}); err != nil {
		t.Fatal(err)
	}
	if _, out, diff := p.refresh("cluster"); !slices.Equal(diff.Keys, []string{"encryptionConfig"}) || text(obj(obj(out["encryptionConfig"])["provider"])["keyArn"]) != p.get("key", "arn") {
		t.Errorf("after a change of the key: %v differs, the cluster has %v", diff.Keys, out["encryptionConfig"])
	}
	m := p.made["cluster"]
	diff, err := p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, without)
	if err != nil || !slices.Contains(diff.Replace, "encryptionConfig") {
		t.Errorf("taking the key away replaces %v: %v", diff.Replace, err)
	}
	broken(lawClusterKeyStays)
}

func TestClusterRoleUsesItsKey(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.vpc("")
	p.roles("")
	p.up(tKey, "key", engine.Props{"policy": keyPolicy("kms:*", deployer)})
	p.up(tCluster, "cluster", merge(p.encrypted("key"), engine.Props{"version": "1.34"}))
	p.broke(p.update("cluster", engine.Props{"version": "1.35"}), lawClusterKeyRole, "InvalidRequestException", "could not be assumed because it does not exist")
	if err := p.update("key", engine.Props{"policy": keyPolicy("kms:*", accountRoot)}); err != nil {
		t.Fatal(err)
	}
	if err := p.update("cluster", engine.Props{"version": "1.35"}); err != nil {
		t.Error(err)
	}
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "may not list the grants", lawClusterKeyRole.ID) {
		t.Errorf("warnings: %q", w)
	}
	p.up(tInline, "grants", engine.Props{"role": p.id("cluster-role"), "policy": allowing("kms:ListGrants")})
	if w := p.a.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %q", w)
	}
}
