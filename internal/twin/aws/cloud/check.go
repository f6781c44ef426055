package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Checker collects what is wrong with the inputs of one resource.
type Checker struct {
	In       engine.Props
	name     string // of the Pulumi resource
	failures []engine.Failure
}

// Fail reports a property. The sentence is the bridge's.
func (c *Checker) Fail(property, format string, args ...any) {
	c.Break(law.Law{}, property, format, args...)
}

// Break is Fail for a property that breaks a law.
func (c *Checker) Break(l law.Law, property, format string, args ...any) {
	c.failures = append(c.failures, engine.Failure{
		Property: property, Law: l,
		Reason: fmt.Sprintf(format, args...) + fmt.Sprintf(". Examine values at '%s.%s'.", c.name, property),
	})
}

// Unknown reports a value that AWS takes and that the twin does not know.
func (c *Checker) Unknown(property, what, got string) {
	c.Break(lawKnownTypes, property, "the twin knows only %s, got %s", what, got)
}

// Known returns a string that is given and not unknown.
func (c *Checker) Known(property string) (string, bool) {
	s, ok := c.In[property].(string)
	return s, ok
}

// OneOf checks an enumeration, if the value is known.
func (c *Checker) OneOf(property string, values ...string) {
	if s, ok := c.Known(property); ok && !slices.Contains(values, s) {
		c.Fail(property, "%s", NotOneOf(Snake(property), values, s))
	}
}

// NotOneOf is the provider's sentence about a value outside of an enumeration.
func NotOneOf(what string, values []string, got string) string {
	return fmt.Sprintf("expected %s to be one of %q, got %s", what, values, got)
}

// Between checks a whole number, if it is known.
func (c *Checker) Between(l law.Law, property string, minimum, maximum int) {
	if n, ok := c.In[property].(float64); ok && (int(n) < minimum || int(n) > maximum) {
		c.Break(l, property, "expected %s to be in the range (%d - %d), got %d", Snake(property), minimum, maximum, int(n))
	}
}

// CIDR refuses what is no network, as the Terraform provider's validation does.
func (c *Checker) CIDR(property string) {
	s, ok := c.Known(property)
	if !ok {
		return
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		c.Fail(property, "%q is not a valid CIDR block: invalid CIDR address: %s", s, s)
	case p != p.Masked():
		c.Fail(property, "%q is not a valid CIDR block; did you mean %q?", s, p.Masked())
	}
}

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

// defaulted is where the bridge lists the inputs that it filled in itself.
const defaulted = "__defaults"

// automatic tells whether a resource's name was not the program's own.
func automatic(inputs engine.Props, key string) bool {
	return slices.Contains(Texts(inputs[defaulted]), key)
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
		maps.Copy(all, Object(Object(def)["tags"]))
	}
	maps.Copy(all, Object(tags))
	return all
}

// Snake turns a property's name into the one of the Terraform provider, which
// its messages use.
func Snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
