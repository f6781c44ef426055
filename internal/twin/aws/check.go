package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// checker collects what is wrong with the inputs of one resource.
type checker struct {
	*Account
	name     string // of the Pulumi resource
	in       engine.Props
	failures []engine.Failure
}

// fail reports a property. The sentence is the bridge's.
func (c *checker) fail(property, format string, args ...any) {
	c.failures = append(c.failures, engine.Failure{
		Property: property,
		Reason:   fmt.Sprintf(format, args...) + fmt.Sprintf(". Examine values at '%s.%s'.", c.name, property),
	})
}

// known returns a string that is given and not unknown.
func (c *checker) known(property string) (string, bool) {
	s, ok := c.in[property].(string)
	return s, ok
}

// oneOf checks an enumeration, if the value is known.
func (c *checker) oneOf(property string, values ...string) {
	if s, ok := c.known(property); ok && !slices.Contains(values, s) {
		c.fail(property, "%s", notOneOf(snake(property), values, s))
	}
}

func notOneOf(what string, values []string, got string) string {
	return fmt.Sprintf("expected %s to be one of %q, got %s", what, values, got)
}

// Check completes inputs with defaults, an automatic name and all tags.
func (b backend) Check(inst *engine.Instance, urn resource.URN, olds, news engine.Props) (engine.Props, []engine.Failure, error) {
	k, err := kindOf(urn)
	if err != nil {
		return nil, nil, err
	}
	if err := b.rightAccount(inst); err != nil {
		return nil, nil, err
	}
	in := merge(k.defaults, news)
	c := &checker{Account: b.Account, name: urn.Name(), in: in}
	for _, p := range k.required {
		if in[p] == nil {
			c.fail(p, "Missing required argument. The argument %q is required, but no definition was found. [law %s]", snake(p), lawRequired.ID)
		}
	}
	if k.autoname != "" && in[k.autoname] == nil {
		in[k.autoname] = b.automaticName(urn)
		if automatic(olds, k.autoname) {
			in[k.autoname] = olds[k.autoname]
		}
		in[defaulted] = []any{k.autoname}
	}
	if name, ok := in[k.autoname].(string); ok && k.nameMax > 0 && len(name) > k.nameMax {
		c.fail(k.autoname, "expected length of %s to be in the range (1 - %d), got %s", snake(k.autoname), k.nameMax, name)
	}
	if !k.untagged {
		in["tagsAll"] = allTags(inst, in["tags"])
	}
	if k.check != nil {
		k.check(c)
	}
	return in, c.failures, nil
}

// defaulted is where the bridge lists the inputs that it filled in itself.
const defaulted = "__defaults"

// automatic tells whether a resource's name was not the program's own.
func automatic(inputs engine.Props, key string) bool {
	return slices.Contains(texts(inputs[defaulted]), key)
}

var lawAccount = law.New(law.References, "provider-account",
	"A provider with allowedAccountIds refuses to work in any other account.",
	"https://www.pulumi.com/registry/packages/aws/api-docs/provider/")

// rightAccount checks a provider's allowedAccountIds, which come as JSON text.
func (b backend) rightAccount(inst *engine.Instance) error {
	if inst == nil {
		return nil
	}
	list := texts(inst.Config["allowedAccountIds"])
	if s, ok := inst.Config["allowedAccountIds"].(string); ok && json.Unmarshal([]byte(s), &list) != nil {
		list = []string{s}
	}
	if len(list) > 0 && !slices.Contains(list, b.ID) {
		return lawAccount.Refuse("", "AWS account ID not allowed: %s", b.ID)
	}
	return nil
}

// automaticName is <name>-<7 hexadecimal digits>, another one for each
// replacement: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
func (b backend) automaticName(urn resource.URN) string {
	var made int
	b.World.Look(func() { made = b.made[string(urn)] })
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%d", urn, made))
	return urn.Name() + "-" + hex.EncodeToString(sum[:])[:7]
}

// allTags adds the provider's default tags. They come as JSON text from an
// explicit provider.
func allTags(inst *engine.Instance, tags any) any {
	if _, unknown := tags.(resource.Computed); unknown {
		return tags
	}
	all := map[string]any{}
	if inst != nil {
		def := inst.Config["defaultTags"]
		if s, ok := def.(string); ok {
			var m map[string]any
			if json.Unmarshal([]byte(s), &m) == nil {
				def = m
			}
		}
		maps.Copy(all, obj(obj(def)["tags"]))
	}
	maps.Copy(all, obj(tags))
	return all
}

// snake turns a property's name into the one of the Terraform provider, which
// its messages use.
func snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

var validName = regexp.MustCompile(`^[\w+=,.@-]+$`)
