package aws

import (
	"time"
)

// renewalDays is how long before its end ACM begins to renew a private certificate.
// https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
const renewalDays = 60

// Forward moves the calendar on, and has ACM renew on the way what it would
// have renewed by then. Call it inside World.Do or World.Look.
func (a *Account) Forward(d time.Duration) {
	a.World.Forward(d)
	a.changes++ // certificates end
	now := a.World.Calendar()
	for _, c := range sorted(a.certs.certificates) {
		for c.Type == "PRIVATE" && c.RenewalFailure == nil && !c.NotAfter.AddDate(0, 0, -renewalDays).After(now) {
			c.RenewalFailure = a.renew(c, c.NotAfter.AddDate(0, 0, -renewalDays))
		}
	}
}

// renew issues a certificate anew, under its own ARN.
func (a *Account) renew(c *Certificate, at time.Time) error {
	ca := a.certs.authorities[c.AuthorityARN]
	switch {
	case ca == nil || ca.Status != "ACTIVE":
		return lawAuthorityActive.Refuse("PCA_INVALID_STATE", "CA %s is not active", c.AuthorityARN)
	case !ca.mayRenew():
		return lawRenewal.Refuse("PCA_ACCESS_DENIED", "CA %s does not permit acm.amazonaws.com to issue, to get and to list permissions", ca.ARN)
	}
	parent, err := oneCertificate(ca.CertPEM)
	if err != nil {
		return err
	}
	if end := at.AddDate(0, 0, acmDays); end.After(parent.NotAfter) {
		return invalidDuration(end, ca, parent)
	}
	return c.issue(at, parent, ca.key, ca.CertPEM)
}
