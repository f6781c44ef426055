package acm_test

import (
	"testing"
	"time"

	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		awstest.Refuses("certificate-import", "ValidationException", "The private key does not match", func(p *awstest.Program) error {
			leaf, chain, _ := selfSigned(p.T, -1, 30)
			_, _, key := selfSigned(p.T, -1, 30)
			return p.Try(awstest.Certificate, "imported", imported(leaf, chain, key))
		}),
		awstest.Refuses("acm-needs-general-purpose-ca", "ValidationException", "SHORT_LIVED_CERTIFICATE", func(p *awstest.Program) error {
			p.RootCA("3650", engine.Props{"usageMode": "SHORT_LIVED_CERTIFICATE"})
			return p.Try(awstest.Certificate, "certificate", p.Leaf(nil))
		}),
		awstest.Refuses("certificate-in-use", "ResourceInUseException", "is in use. (VPC Lattice service svc-", func(p *awstest.Program) error {
			p.Environment()
			p.Cluster("")
			p.Service("")
			return p.Delete("certificate")
		}),
		awstest.Warns("renewal-permission", "does not permit acm.amazonaws.com to renew it", func(p *awstest.Program) {
			p.RootCA("3650", nil)
			p.Up(awstest.Certificate, "certificate", p.Leaf(nil))
		}),
	})
}

// A CA renews until the next certificate would outlive it: one of 730 days never does.
func TestManagedRenewal(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		authority string // its life in days
		permitted bool
		days      int
		law       string
		ends      int // days after the first issue
	}{
		"before the renewal":      {authority: "3650", permitted: true, days: 334, ends: 395},
		"renewed":                 {authority: "3650", permitted: true, days: 336, ends: 730},
		"renewed twice":           {authority: "3650", permitted: true, days: 700, ends: 1065},
		"two years":               {authority: "730", permitted: true, days: 336, law: "authority-outlives-its-certificates", ends: 395},
		"three years":             {authority: "1095", permitted: true, days: 1000, ends: 1065},
		"three years, at the end": {authority: "1095", permitted: true, days: 1010, law: "authority-outlives-its-certificates", ends: 1065},
		"no permission":           {authority: "3650", days: 336, law: "renewal-permission", ends: 395},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := awstest.New(t)
			p.RootCA(c.authority, nil)
			if c.permitted {
				p.Up(awstest.AuthorityPermission, "ca-permission", p.PermissionInputs())
			}
			p.Up(awstest.Certificate, "certificate", p.Leaf(nil))
			issued := p.Account.World.Calendar()
			p.Account.World.Look(func() { acm.Forward(p.Account.Account, time.Duration(c.days)*day) })
			got := acm.Certificates.Get(p.Account.Account, p.ID("certificate"))
			if law.Of(got.RenewalFailure).ID != c.law {
				t.Errorf("the renewal failed with %v, want law %q", got.RenewalFailure, c.law)
			}
			if ends := got.NotAfter.Sub(issued).Round(day) / day; int(ends) != c.ends {
				t.Errorf("the certificate ends after %d days, want %d", ends, c.ends)
			}
		})
	}
}
