package report

import "strings"

// StackOf takes the stack from a URN: urn:pulumi:<stack>::<project>::<types>::<name>.
func StackOf(urn string) string {
	stack, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return stack
}

// Short is a URN as a person reads it: the resource's own type and its name.
func Short(urn string) string {
	typ, name := split(urn)
	return strings.TrimSpace(typ + " " + name)
}

func split(urn string) (typ, name string) {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return "", urn
	}
	types := strings.Split(parts[2], "$")
	return types[len(types)-1], parts[3]
}
