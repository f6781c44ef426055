package environment

import (
	"strings"
	"testing"
)

func TestDomainWarning(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]string{
		"acme.com":          "give a subdomain for the applications alone, such as lattice.acme.com",
		"acme.co.uk":        "such as www.acme.co.uk, would not resolve",
		"acme.co.kr":        "such as lattice.acme.co.kr",
		"co.uk":             "is a public suffix",
		"lattice.acme.com":  "",
		"a.lattice.acme.kr": "",
		"example.com":       "", // reserved for documentation
		"corp.internal":     "",
		"me.github.io":      "one label below the public suffix github.io",
		"a.me.github.io":    "",
	} {
		got := domainWarning(domain)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
	}
}
