package environment

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// documentation lists the domains without public names.
// https://www.rfc-editor.org/rfc/rfc2606#section-3
var documentation = []string{"example.com", "example.net", "example.org"}

// domainWarning returns a warning if a zone for the domain would hide public names,
// or "". A VPC resolves the whole domain of a private zone in that zone only.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
func domainWarning(domain string) string {
	suffix, registry := publicsuffix.PublicSuffix(domain)
	listed := registry || strings.Contains(suffix, ".") // otherwise a name such as corp.internal
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	switch {
	case !listed, slices.Contains(documentation, domain):
		return ""
	case domain == suffix:
		return fmt.Sprintf("eks-lattice:domain = %q is a public suffix: in the clusters' VPCs, no other name in it would resolve; "+
			"give a subdomain of your own domain, such as lattice.your-company.%s", domain, suffix)
	case err == nil && domain == registered:
		return fmt.Sprintf("eks-lattice:domain = %q is one label below the public suffix %s: "+
			"in the clusters' VPCs, its public names, such as www.%s, would not resolve; "+
			"give a subdomain for the applications alone, such as lattice.%s", domain, suffix, domain, domain)
	}
	return ""
}
