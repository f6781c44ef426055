package tls

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var backendOfTest = Backend(world.New())

func urn(kind string) resource.URN {
	return resource.URN("urn:pulumi:test::test::tls:index/" + strings.ToLower(kind[:1]) + kind[1:] + ":" + kind + "::x")
}

// apply checks and creates as the engine does.
func apply(t *testing.T, kind string, in engine.Props) (engine.Props, error) {
	t.Helper()
	checked, failures, err := backendOfTest.Check(nil, urn(kind), nil, in)
	if err != nil {
		return nil, err
	}
	if len(failures) > 0 {
		return nil, failures[0].Law.Refuse("", "%s", failures[0].Reason)
	}
	id, out, err := backendOfTest.Create(nil, nil, urn(kind), checked)
	if err == nil && id == "" {
		t.Errorf("%s was created without an id", kind)
	}
	return out, err
}

func must(t *testing.T, kind string, in engine.Props) engine.Props {
	t.Helper()
	out, err := apply(t, kind, in)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return out
}

func TestChainVerifies(t *testing.T) {
	t.Parallel()
	caKey := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})
	ca := must(t, "SelfSignedCert", engine.Props{
		"privateKeyPem": caKey["privateKeyPem"], "isCaCertificate": true, "validityPeriodHours": 48.0,
		"allowedUses": []any{"cert_signing"}, "subject": engine.Props{"commonName": "ca"},
	})
	key := must(t, "PrivateKey", engine.Props{"algorithm": "RSA", "rsaBits": 2048.0})
	request := must(t, "CertRequest", engine.Props{
		"privateKeyPem": key["privateKeyPem"], "dnsNames": []any{"*.example.com"}, "subject": engine.Props{"commonName": "example.com"},
	})
	leaf := must(t, "LocallySignedCert", engine.Props{
		"caPrivateKeyPem": caKey["privateKeyPem"], "caCertPem": ca["certPem"], "certRequestPem": request["certRequestPem"],
		"validityPeriodHours": 24.0, "allowedUses": []any{"digital_signature", "server_auth"},
	})

	block, _ := pem.Decode([]byte(leaf["certPem"].(string)))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(ca["certPem"].(string))) {
		t.Fatal("the CA's certificate cannot be read")
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: "app.example.com"}); err != nil {
		t.Errorf("the leaf does not verify against its CA: %v", err)
	}
	if public, ok := cert.PublicKey.(*rsa.PublicKey); !ok || public.N.BitLen() != 2048 {
		t.Errorf("the leaf's key is %T, want RSA 2048", cert.PublicKey)
	}
	if cert.KeyUsage != x509.KeyUsageDigitalSignature || len(cert.ExtKeyUsage) != 1 {
		t.Errorf("the leaf's uses are %v %v", cert.KeyUsage, cert.ExtKeyUsage)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	key := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})["privateKeyPem"]
	for want, in := range map[string]struct {
		kind string
		in   engine.Props
	}{
		`invalid key algorithm "DSA"`:       {"PrivateKey", engine.Props{"algorithm": "DSA"}},
		"invalid ECDSA curve P1":            {"PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P1"}},
		"no PEM block found in private key": {"CertRequest", engine.Props{"privateKeyPem": "x"}},
		`unknown use "party"`: {"SelfSignedCert",
			engine.Props{"privateKeyPem": key, "validityPeriodHours": 1.0, "allowedUses": []any{"party"}}},
	} {
		if _, err := apply(t, in.kind, in.in); law.Of(err).ID != lawReadable.ID || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error of law %s with %q", err, lawReadable.ID, want)
		}
	}
}

func TestEveryChangeReplaces(t *testing.T) {
	t.Parallel()
	same := engine.Props{"algorithm": "RSA", "rsaBits": 2048.0}
	for name, tt := range map[string]struct {
		news engine.Props
		want int
	}{
		"nothing": {engine.Props{"algorithm": "RSA", "rsaBits": 2048.0}, 0},
		"size":    {engine.Props{"algorithm": "RSA", "rsaBits": 4096.0}, 1},
		"dropped": {engine.Props{"algorithm": "RSA"}, 1},
	} {
		change, err := backendOfTest.Diff(nil, urn("PrivateKey"), same, nil, tt.news)
		if err != nil || len(change.Keys) != tt.want || len(change.Replace) != tt.want {
			t.Errorf("%s: %+v, %v; want %d replaced", name, change, err, tt.want)
		}
	}
}

// The program's certificate and a CA of three years. pulumi-tls 5.2.0 plans the
// same on each of these days.
func TestEarlyRenewal(t *testing.T) {
	t.Parallel()
	key := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})
	for _, c := range []struct {
		life, early, day float64
		want             bool
	}{
		{395, 30, 0, false}, {395, 30, 364, false}, {395, 30, 365, true}, {395, 30, 396, true},
		{1095, 395, 0, false}, {1095, 395, 699, false}, {1095, 395, 700, true},
	} {
		in := engine.Props{"privateKeyPem": key["privateKeyPem"], "validityPeriodHours": c.life * 24, "earlyRenewalHours": c.early * 24,
			"allowedUses": []any{}}
		w := world.New()
		b := Backend(w)
		_, out, err := b.Create(nil, nil, urn("SelfSignedCert"), in)
		if err != nil {
			t.Fatal(err)
		}
		w.Look(func() { w.Forward(time.Duration(c.day) * 24 * time.Hour) })
		change, err := b.Diff(nil, urn("SelfSignedCert"), in, out, in)
		if got := slices.Contains(change.Replace, "readyForRenewal"); err != nil || got != c.want {
			t.Errorf("on day %v of %v a plan replaces the certificate: %v %v, want %v", c.day, c.life, got, err, c.want)
		}
	}
}

// Other hours are noted, and the certificate stays; a refresh marks it.
func TestOtherEarlyRenewalHours(t *testing.T) {
	t.Parallel()
	w := world.New()
	b, cert := Backend(w), urn("SelfSignedCert")
	key := must(t, "PrivateKey", engine.Props{"algorithm": "ECDSA", "ecdsaCurve": "P256"})
	in := engine.Props{"privateKeyPem": key["privateKeyPem"], "validityPeriodHours": 100.0, "earlyRenewalHours": 60.0,
		"allowedUses": []any{}}
	_, out, err := b.Create(nil, nil, cert, in)
	if err != nil {
		t.Fatal(err)
	}
	w.Look(func() { w.Forward(50 * time.Hour) })
	_, refreshed, err := b.Read(nil, nil, cert, "", in, out)
	if err != nil || refreshed["readyForRenewal"] != true || out["readyForRenewal"] != false {
		t.Errorf("a refresh in the last 60 hours: %v, %v", refreshed["readyForRenewal"], err)
	}
	fewer := maps.Clone(in)
	fewer["earlyRenewalHours"] = 10.0
	change, err := b.Diff(nil, cert, in, refreshed, fewer)
	if err != nil || !slices.Equal(change.Keys, []string{"earlyRenewalHours"}) || len(change.Replace) > 0 {
		t.Errorf("10 hours instead of 60: %+v, %v; want an update", change, err)
	}
	updated, err := b.Update(nil, nil, cert, "", in, refreshed, fewer)
	if err != nil || updated["certPem"] != out["certPem"] || updated["earlyRenewalHours"] != 10.0 ||
		updated["readyForRenewal"] != false {
		t.Errorf("the update: %v", err)
	}
	if change, err := b.Diff(nil, cert, fewer, updated, fewer); err != nil || len(change.Keys) > 0 {
		t.Errorf("after it: %+v, %v; want no change", change, err)
	}
}
