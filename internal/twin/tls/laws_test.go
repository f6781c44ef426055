package tls

import (
	"testing"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, []lawtest.Counterexample{
		{Law: lawKnownType, Break: func(t *testing.T) law.Law {
			t.Helper()
			_, err := apply(t, "Nonsense", engine.Props{})
			return law.Of(err)
		}},
		{Law: lawRequired, Break: func(t *testing.T) law.Law {
			t.Helper()
			_, err := apply(t, "PrivateKey", engine.Props{})
			return law.Of(err)
		}},
		{Law: lawReadable, Break: foreignKey},
		{Law: lawEarlyRenewal, Break: lastHours},
	})
}

// foreignKey signs with a key that is not the CA's.
func foreignKey(t *testing.T) law.Law {
	t.Helper()
	key := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})["privateKeyPem"]
	other := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})["privateKeyPem"]
	ca := must(t, "SelfSignedCert", engine.Props{"privateKeyPem": key, "validityPeriodHours": 1.0, "allowedUses": []any{}})["certPem"]
	request := must(t, "CertRequest", engine.Props{"privateKeyPem": other})["certRequestPem"]
	_, err := apply(t, "LocallySignedCert", engine.Props{"caPrivateKeyPem": other, "caCertPem": ca, "certRequestPem": request,
		"validityPeriodHours": 1.0, "allowedUses": []any{}})
	return law.Of(err)
}

// lastHours plans in the last hours of a certificate, without a change.
func lastHours(t *testing.T) law.Law {
	t.Helper()
	w := world.New()
	b, cert := Backend(w), urn("SelfSignedCert")
	key := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})["privateKeyPem"]
	in := engine.Props{"privateKeyPem": key, "validityPeriodHours": 100.0, "earlyRenewalHours": 60.0, "allowedUses": []any{}}
	_, out, err := b.Create(nil, nil, cert, in)
	if err != nil {
		t.Fatal(err)
	}
	w.Look(func() { w.Forward(50 * time.Hour) })
	change, err := b.Diff(nil, cert, in, out, in)
	if err != nil {
		t.Fatal(err)
	}
	return change.Law
}
