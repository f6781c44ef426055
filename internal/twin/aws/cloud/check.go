package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawRequired = law.New(law.References, "aws-required-properties",
	"A resource without one of its required properties is refused before anything is created.",
	"https://www.pulumi.com/registry/packages/aws/api-docs/")

// Check completes inputs with defaults, an automatic name and all tags.
func (b backend) Check(inst *engine.Instance, urn resource.URN, olds, news engine.Props) (engine.Props, []engine.Failure, error) {
	t, err := typeOf(urn)
	if err != nil {
		return nil, nil, err
	}
	if err := b.checkAccount(inst); err != nil {
		return nil, nil, err
	}
	in := Merge(t.Defaults, news)
	c := &Checker{name: urn.Name(), In: in}
	for _, p := range t.Required {
		if in[p] == nil {
			c.Break(lawRequired, p, "Missing required argument. The argument %q is required, but no definition was found.", Snake(p))
		}
	}
	if t.Autoname != "" && in[t.Autoname] == nil {
		in[t.Autoname] = b.automaticName(urn)
		if automatic(olds, t.Autoname) {
			in[t.Autoname] = olds[t.Autoname]
		}
		in[defaulted] = []any{t.Autoname}
	}
	if name, ok := in[t.Autoname].(string); ok && t.NameMax > 0 && len(name) > t.NameMax {
		c.Fail(t.Autoname, "expected length of %s to be in the range (1 - %d), got %s", Snake(t.Autoname), t.NameMax, name)
	}
	if !t.Untagged {
		in["tagsAll"] = allTags(inst, in["tags"])
	}
	if t.Schema.Check != nil {
		t.Schema.Check(c)
	}
	return in, c.failures, nil
}

// automaticName is <name>-<7 hexadecimal digits>, another one for each
// replacement: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
func (b backend) automaticName(urn resource.URN) string {
	var created int
	b.World.Look(func() { created = b.created[string(urn)] })
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%d", urn, created))
	return urn.Name() + "-" + hex.EncodeToString(sum[:])[:7]
}

var lawAccount = law.New(law.References, "provider-account",
	"A provider with allowedAccountIds refuses to work in any other account.",
	"https://www.pulumi.com/registry/packages/aws/api-docs/provider/")

// checkAccount checks a provider's allowedAccountIds, which come as JSON text.
func (b backend) checkAccount(inst *engine.Instance) error {
	if inst == nil {
		return nil
	}
	list := Texts(inst.Config["allowedAccountIds"])
	if s, ok := inst.Config["allowedAccountIds"].(string); ok && json.Unmarshal([]byte(s), &list) != nil {
		list = []string{s}
	}
	if len(list) > 0 && !slices.Contains(list, b.ID) {
		return lawAccount.Refuse("", "AWS account ID not allowed: %s", b.ID)
	}
	return nil
}
