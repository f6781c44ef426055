package aws

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"eks-lattice/internal/twin/engine"
)

func TestAuthorityLifecycle(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	conf := engine.Props{"keyAlgorithm": "RSA_2048", "signingAlgorithm": "SHA256WITHRSA", "subject": engine.Props{"commonName": "example.com"}}
	p.up(tCA, "ca", engine.Props{"type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": conf})
	p.up(tCA, "other", engine.Props{"type": "ROOT", "usageMode": "SHORT_LIVED_CERTIFICATE", "certificateAuthorityConfiguration": conf})
	root := func(ca string) engine.Props {
		return engine.Props{"certificateAuthorityArn": p.id(ca), "certificateSigningRequest": p.get(ca, "certificateSigningRequest"),
			"signingAlgorithm": "SHA256WITHRSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1", "validity": engine.Props{"type": "YEARS", "value": "10"}}
	}
	leaf := engine.Props{"domainName": "example.com", "subjectAlternativeNames": []string{"*.example.com"}, "certificateAuthorityArn": p.id("ca")}
	permission := engine.Props{"certificateAuthorityArn": p.id("ca"), "principal": "acm.amazonaws.com", "actions": []string{"IssueCertificate", "GetCertificate", "ListPermissions"}}

	p.refuseAll(t, []refusal{
		{"early", lawAuthorityActive, "InvalidStateException", "is not in a valid state for issuing certificates: PENDING_CERTIFICATE", tCert, leaf},
		{"early-issue", lawAuthorityActive, "InvalidStateException", "PENDING_CERTIFICATE", tIssued, merge(root("ca"), engine.Props{"templateArn": "arn:aws:acm-pca:::template/EndEntityCertificate/V1"})},
		{"algorithms", lawAuthorityArgs, "InvalidArgsException", "does not fit", tCA, engine.Props{"certificateAuthorityConfiguration": merge(conf, engine.Props{"signingAlgorithm": "SHA256WITHECDSA"})}},
		{"nowhere", lawAuthorityExists, "ResourceNotFoundException", "Could not find Certificate Authority", tCert, merge(leaf, engine.Props{"certificateAuthorityArn": "arn:aws:acm-pca:ap-northeast-2:123456789012:certificate-authority/0"})},
	})
	p.up(tIssued, "root", root("ca"))
	p.up(tIssued, "other-root", root("other"))
	p.refused(lawAuthorityInstall, "CertificateMismatchException", []string{"does not match the private key"}, tCACert, "mismatch",
		engine.Props{"certificateAuthorityArn": p.id("ca"), "certificate": p.get("other-root", "certificate")})
	p.up(tCACert, "installed", engine.Props{"certificateAuthorityArn": p.id("ca"), "certificate": p.get("root", "certificate")})
	p.up(tCACert, "other-installed", engine.Props{"certificateAuthorityArn": p.id("other"), "certificate": p.get("other-root", "certificate")})
	p.refused(lawShortLived, "ValidationException", []string{"SHORT_LIVED_CERTIFICATE"}, tCert, "short", merge(leaf, engine.Props{"certificateAuthorityArn": p.id("other")}))

	p.refused(lawAuthorityOutlives, "ValidationException", []string{"exceeds that of the CA"}, tIssued, "long",
		merge(root("ca"), engine.Props{"templateArn": "arn:aws:acm-pca:::template/EndEntityCertificate/V1", "validity": engine.Props{"type": "YEARS", "value": "11"}}))

	p.up(tCert, "certificate", leaf)
	if w := p.a.Warnings(); len(w) != 1 || !contains(w[0].String(), "does not permit acm.amazonaws.com to renew it", p.id("certificate")) {
		t.Errorf("warnings without the permission: %v", w)
	}
	broken(lawRenewal)
	p.up(tPermit, "permission", permission)
	if w := p.a.Warnings(); len(w) != 0 {
		t.Errorf("warnings with the permission: %v", w)
	}
	p.refused(lawPermission, "PermissionAlreadyExistsException", []string{"already exists"}, tPermit, "again", permission)

	p.broke(p.a.deleteAuthority(p.a.certs.authorities[p.id("ca")], 7), lawAuthorityDeletion, "InvalidStateException", "must be in the DISABLED")
	p.down("certificate", "permission", "installed", "root", "ca")
	ca := p.a.certs.authorities
	for _, x := range sorted(ca) {
		if x.URN == string(urnOf(tCA, "ca")) && (x.Status != "DELETED" || !x.Restorable.Equal(p.a.World.Now().AddDate(0, 0, 7)) && x.Restorable.IsZero()) {
			t.Errorf("the deleted CA is %s, restorable until %s", x.Status, x.Restorable)
		}
	}
}

// ACM's certificates live 395 days: a CA of a year is too young to issue one.
func TestAuthorityOutlivesItsCertificates(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.up(tCA, "ca", engine.Props{"type": "ROOT", "certificateAuthorityConfiguration": engine.Props{
		"keyAlgorithm": "RSA_2048", "signingAlgorithm": "SHA256WITHRSA", "subject": engine.Props{"commonName": "example.com"}}})
	p.up(tIssued, "root", engine.Props{"certificateAuthorityArn": p.id("ca"), "certificateSigningRequest": p.get("ca", "certificateSigningRequest"),
		"signingAlgorithm": "SHA256WITHRSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1", "validity": engine.Props{"type": "DAYS", "value": "365"}})
	p.up(tCACert, "installed", engine.Props{"certificateAuthorityArn": p.id("ca"), "certificate": p.get("root", "certificate")})
	p.refused(lawAuthorityOutlives, "PCA_INVALID_DURATION", []string{"exceeds that of CA " + p.id("ca")}, tCert, "certificate",
		engine.Props{"domainName": "example.com", "certificateAuthorityArn": p.id("ca")})
}

// What the CA issues is a real certificate that its root verifies.
func TestIssuedCertificateIsReal(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	c := p.a.Snapshot().Certificates[0]
	leaf, err := oneCertificate(c.CertPEM)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(p.get("ca-root", "certificate")))
	for _, host := range []string{"example.com", "demo-cluster1.example.com"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	key, err := privateKey(c.PrivateKeyPEM)
	if err != nil || !samePublicKey(key.Public(), leaf.PublicKey) {
		t.Errorf("the key does not belong to the certificate: %v", err)
	}
	if c := p.a.CertificateOf(p.id("certificate")); c == nil || len(c.Names) != 2 || c.ChainPEM != p.get("ca-root", "certificate") {
		t.Errorf("CertificateOf: %v", c)
	}
}

// selfMade signs a leaf with a CA of its own, both for so many days from now.
func selfMade(t *testing.T, from, days int) (leaf, chain, key string) {
	t.Helper()
	caKey, err := newKey("EC_prime256v1")
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := newKey("RSA_2048")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().AddDate(0, 0, from)
	ca := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "own"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: begin, NotAfter: begin.AddDate(0, 0, days)}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "example.com"}, DNSNames: []string{"*.example.com"},
		NotBefore: begin, NotAfter: begin.AddDate(0, 0, days)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca, leafKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("CERTIFICATE", der), pemText("CERTIFICATE", caDER), pemText("PRIVATE KEY", pkcs8)
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	leaf, chain, key := selfMade(t, -1, 30)
	_, otherChain, otherKey := selfMade(t, -1, 30)
	oldLeaf, oldChain, oldKey := selfMade(t, -30, 10)
	in := func(leaf, chain, key string) engine.Props {
		return engine.Props{"certificateBody": leaf, "certificateChain": chain, "privateKey": key}
	}
	p.refuseAll(t, []refusal{
		{"pem", lawImport, "ValidationException", "Could not parse certificate.", tCert, in("no certificate", chain, key)},
		{"two", lawImport, "ValidationException", "only one", tCert, in(leaf+chain, chain, key)},
		{"key-pem", lawImport, "ValidationException", "The private key is not supported", tCert, in(leaf, chain, "no key")},
		{"key", lawImport, "ValidationException", "The private key does not match", tCert, in(leaf, chain, otherKey)},
		{"chain", lawImport, "ValidationException", "Could not validate the certificate with the certificate chain.", tCert, in(leaf, otherChain, key)},
		{"old", lawImport, "ValidationException", "is not valid at this time", tCert, in(oldLeaf, oldChain, oldKey)},
	})
	p.up(tCert, "imported", in(leaf, chain, key))
	if p.get("imported", "keyAlgorithm") != "RSA_2048" || p.get("imported", "type") != "IMPORTED" || p.get("imported", "domainName") != "example.com" {
		t.Errorf("imported as %v", p.made["imported"].out)
	}
	next, nextChain, nextKey := selfMade(t, -1, 60)
	if err := p.update("imported", in(next, nextChain, nextKey)); err != nil || p.a.Snapshot().Certificates[0].CertPEM != next {
		t.Errorf("importing again in place: %v", err)
	}
}

func TestCertificateOfBefore(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	var arn, ca string
	var err error
	p.a.World.Look(func() { arn, ca, err = p.a.AddCertificate("*.example.com") })
	if err != nil {
		t.Fatal(err)
	}
	if c := p.a.CertificateOf(arn); c == nil || c.ChainPEM != ca || c.Names[0] != "*.example.com" {
		t.Errorf("CertificateOf: %v", c)
	}
	if left := p.a.Leftovers(); len(left) > 0 {
		t.Errorf("what was there before counts as left behind: %v", left)
	}
}
