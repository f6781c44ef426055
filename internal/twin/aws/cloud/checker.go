package cloud

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawKnownTypes = law.New(law.References, "aws-known-types",
	"The twin refuses resource types and functions of the aws package that it does not know, instead of inventing an answer.",
	"modelled: an answer without a rule behind it would prove nothing")

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
