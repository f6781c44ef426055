package aws

import (
	"errors"
	"testing"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// A CA renews until the next certificate would outlive it: one of 730 days never does.
func TestManagedRenewal(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		authority string // its life in days
		permitted bool
		days      int
		broken    law.Law
		ends      int // days after the first issue
	}{
		"before the renewal":      {authority: "3650", permitted: true, days: 334, ends: 395},
		"renewed":                 {authority: "3650", permitted: true, days: 336, ends: 730},
		"renewed twice":           {authority: "3650", permitted: true, days: 700, ends: 1065},
		"two years":               {authority: "730", permitted: true, days: 336, broken: lawAuthorityOutlives, ends: 395},
		"three years":             {authority: "1095", permitted: true, days: 1000, ends: 1065},
		"three years, at the end": {authority: "1095", permitted: true, days: 1010, broken: lawAuthorityOutlives, ends: 1065},
		"no permission":           {authority: "3650", days: 336, broken: lawRenewal, ends: 395},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			p.rootCA(c.authority)
			if c.permitted {
				p.up(tPermit, "ca-permission", engine.Props{"certificateAuthorityArn": p.id("ca"), "principal": "acm.amazonaws.com",
					"actions": []string{"IssueCertificate", "GetCertificate", "ListPermissions"}})
			}
			p.up(tCert, "certificate", engine.Props{"domainName": "example.com", "certificateAuthorityArn": p.id("ca")})
			issued := p.a.World.Calendar()
			p.a.World.Look(func() { p.a.Forward(time.Duration(c.days) * day) })
			got := p.a.certs.certificates[p.id("certificate")]
			var refusal *law.Refusal
			switch {
			case c.broken.ID == "" && got.RenewalFailure != nil:
				t.Errorf("the renewal failed: %v", got.RenewalFailure)
			case c.broken.ID != "" && (!errors.As(got.RenewalFailure, &refusal) || refusal.Law.ID != c.broken.ID):
				t.Errorf("the renewal failed with %v, want law %s", got.RenewalFailure, c.broken.ID)
			}
			if ends := got.NotAfter.Sub(issued).Round(day) / day; int(ends) != c.ends {
				t.Errorf("the certificate ends after %d days, want %d", ends, c.ends)
			}
			if c.broken.ID != "" {
				broken(c.broken)
			}
		})
	}
}
