package acm

import (
	"time"

	"eks-lattice/internal/twin/aws/acmpca"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/law"
)

var lawRenewal = law.New(law.Certificates, "renewal-permission",
	"ACM renews a private certificate only when the CA permits acm.amazonaws.com to issue, to get and to list permissions; "+
		"nothing reports this until the certificate expires.",
	"https://docs.aws.amazon.com/acm/latest/userguide/renew-private-cert.html")

// renewalDays is how long before its end ACM begins to renew a private certificate.
// https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
const renewalDays = 60

// Forward moves the calendar on, and has ACM renew on the way what it would
// have renewed by then.
func Forward(a *cloud.Account, d time.Duration) {
	a.World.Forward(d)
	a.Change() // certificates end
	now := a.World.Calendar()
	for _, c := range Certificates.All(a) {
		for c.Type == "PRIVATE" && c.RenewalFailure == nil && !c.NotAfter.AddDate(0, 0, -renewalDays).After(now) {
			c.RenewalFailure = c.renew(a, c.NotAfter.AddDate(0, 0, -renewalDays))
		}
	}
}

// renew issues a certificate anew, under its own ARN.
func (c *Certificate) renew(a *cloud.Account, at time.Time) error {
	ca := acmpca.Authorities.Get(a, c.AuthorityARN)
	switch {
	case ca == nil || ca.Status != acmpca.Active:
		return acmpca.LawActive.Refuse("PCA_INVALID_STATE", "CA %s is not active", c.AuthorityARN)
	case !ca.Renews():
		return lawRenewal.Refuse("PCA_ACCESS_DENIED",
			"CA %s does not permit acm.amazonaws.com to issue, to get and to list permissions", ca.ARN)
	}
	return c.issueFrom(ca, at)
}

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, c := range Certificates.All(a) {
		ca := acmpca.Authorities.Get(a, c.AuthorityARN)
		if c.Type == "PRIVATE" && ca != nil && !ca.Renews() {
			out = append(out, lawRenewal.Warn("certificate %s (%s) will expire: CA %s does not permit acm.amazonaws.com to renew it",
				c.ID, c.Domain, ca.ID))
		}
	}
	return out
})
