package acm_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/aws/pki"
	"eks-lattice/internal/twin/engine"
)

// What the CA issues is a real certificate that its root verifies.
func TestIssuedCertificateIsReal(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.RootCA("3650", nil)
	p.Up(awstest.Certificate, "certificate", p.Leaf(nil))
	c := acm.Presented(p.Account.Account, p.ID("certificate"))
	if c == nil || len(c.Names) != 2 || c.ChainPEM != p.Get("ca-root", "certificate") {
		t.Fatalf("presented: %v", c)
	}
	leaf, err := pki.Certificate(c.CertPEM)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(c.ChainPEM))
	for _, host := range []string{"example.com", "demo-cluster1.example.com"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	key, err := pki.PrivateKey(c.PrivateKeyPEM)
	if err != nil || !pki.SamePublicKey(key.Public(), leaf.PublicKey) {
		t.Errorf("the key does not belong to the certificate: %v", err)
	}
}

// selfSigned signs a leaf with a CA of its own, both for so many days.
func selfSigned(t *testing.T, from, days int) (leaf, chain, key string) {
	t.Helper()
	caKey, err := pki.NewKey("EC_prime256v1")
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := pki.NewKey("RSA_2048")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().AddDate(0, 0, from)
	ca := &x509.Certificate{SerialNumber: pki.Serial(), Subject: pkix.Name{CommonName: "own"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: begin, NotAfter: begin.AddDate(0, 0, days)}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: pki.Serial(), Subject: pkix.Name{CommonName: "example.com"}, DNSNames: []string{"*.example.com"},
		NotBefore: begin, NotAfter: begin.AddDate(0, 0, days)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca, leafKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return pki.PEM("CERTIFICATE", der), pki.PEM("CERTIFICATE", caDER), pki.PEM("PRIVATE KEY", pkcs8)
}

func imported(leaf, chain, key string) engine.Props {
	return engine.Props{"certificateBody": leaf, "certificateChain": chain, "privateKey": key}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	leaf, chain, key := selfSigned(t, -1, 30)
	_, otherChain, _ := selfSigned(t, -1, 30)
	oldLeaf, oldChain, oldKey := selfSigned(t, -30, 10)
	for words, in := range map[string]engine.Props{
		"Could not parse certificate.":     imported("no certificate", chain, key),
		"only one":                         imported(leaf+chain, chain, key),
		"The private key is not supported": imported(leaf, chain, "no key"),
		"Could not validate the certificate with the certificate chain.": imported(leaf, otherChain, key),
		"is not valid at this time":                                      imported(oldLeaf, oldChain, oldKey),
	} {
		p.Refuses("certificate-import", "ValidationException", words, awstest.Certificate, in)
	}
	p.Up(awstest.Certificate, "imported", imported(leaf, chain, key))
	if p.Get("imported", "keyAlgorithm") != "RSA_2048" || p.Get("imported", "type") != "IMPORTED" ||
		p.Get("imported", "domainName") != "example.com" {
		t.Errorf("imported as %v", p.Created["imported"].Outputs)
	}
	next, nextChain, nextKey := selfSigned(t, -1, 60)
	p.Change("imported", imported(next, nextChain, nextKey))
	if p.Account.Snapshot().Certificates[0].CertPEM != next {
		t.Error("an import does not replace the certificate in place")
	}
}
