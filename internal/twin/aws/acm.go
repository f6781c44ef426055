package aws

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// Certificate is a certificate of ACM.
type Certificate struct {
	Meta
	Domain        string
	Names         []string // SANs
	KeyAlgorithm  string   // "RSA_2048"
	Status        string   // "ISSUED"
	Type          string   // "PRIVATE", "IMPORTED", "AMAZON_ISSUED"
	AuthorityARN  string
	CertPEM       string
	ChainPEM      string
	PrivateKeyPEM string
	NotAfter      time.Time
	// RenewalFailure is why ACM's managed renewal failed; it is not tried again.
	RenewalFailure error
}

var (
	lawImport = law.New(law.Certificates, "certificate-import",
		"An imported certificate is PEM, valid today, matches its private key and verifies against its chain.",
		"https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html")
	lawShortLived = law.New(law.Certificates, "acm-needs-general-purpose-ca",
		"ACM cannot issue from a CA in short-lived mode.",
		"https://docs.aws.amazon.com/privateca/latest/userguide/short-lived-certificates.html")
	lawAuthorityOutlives = law.New(law.Certificates, "authority-outlives-its-certificates",
		"A CA issues no certificate that would be valid for longer than its own: ACM fails a request, and a renewal, with PCA_INVALID_DURATION.",
		"https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html")
	lawCertificateInUse = law.New(law.Deletion, "certificate-in-use",
		"A certificate that a VPC Lattice service uses cannot be deleted.",
		"https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html")
	lawRenewal = law.New(law.Certificates, "renewal-permission",
		"ACM renews a private certificate only when the CA permits acm.amazonaws.com to issue, to get and to list permissions; nothing says so until it expires.",
		"https://docs.aws.amazon.com/acm/latest/userguide/renew-private-cert.html")
)

var certificateKind = &kind{
	token:    "aws:acm/certificate:Certificate",
	forceNew: []string{"domainName", "subjectAlternativeNames", "certificateAuthorityArn", "keyAlgorithm", "validationMethod", "validationOptions"},
	sets:     []string{"subjectAlternativeNames"},
	check: func(c *checker) {
		if c.in["domainName"] == nil && c.in["privateKey"] == nil {
			c.fail("domainName", "Missing required argument. One of `domain_name`, `private_key` must be specified")
		}
		if c.in["certificateAuthorityArn"] != nil && c.in["validationMethod"] != nil {
			c.fail("validationMethod", "Conflicting configuration arguments. %q conflicts with certificate_authority_arn", "validation_method")
		}
		c.oneOf("keyAlgorithm", "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
	},
	create: func(r *request) (string, error) {
		arn := r.arn("acm", r.region, r.ID, "certificate/"+uuid(r.World.ID(r.urn, 32)))
		c := &Certificate{Meta: r.meta(arn, arn, r.str("domainName"))}
		var err error
		switch {
		case r.has("privateKey"):
			err = r.importCertificate(c)
		case r.has("certificateAuthorityArn"):
			err = r.requestPrivate(c)
		default:
			c.Domain, c.Names, c.KeyAlgorithm = r.str("domainName"), r.names(), "RSA_2048"
			c.Status, c.Type = "PENDING_VALIDATION", "AMAZON_ISSUED"
		}
		if err != nil {
			return "", err
		}
		r.certs.certificates[arn] = c
		return arn, nil
	},
	update: func(r *request) error {
		c := r.certs.certificates[r.id]
		c.Tags = r.tags()
		if r.has("privateKey") && (r.changed("privateKey") || r.changed("certificateBody") || r.changed("certificateChain")) {
			return r.importCertificate(c)
		}
		return nil
	},
	remove: func(r *request) error {
		for _, svc := range sorted(r.net.services) {
			if svc.CertificateARN == r.id {
				return lawCertificateInUse.Refuse("ResourceInUseException", "Certificate %s is in use. (VPC Lattice service %s %s)", r.id, svc.ID, svc.Name)
			}
		}
		delete(r.certs.certificates, r.id)
		return nil
	},
	outputs: func(r *request) engine.Props {
		c := r.certs.certificates[r.id]
		if c == nil {
			return nil
		}
		names := []any{}
		for _, n := range c.Names {
			names = append(names, n)
		}
		return engine.Props{
			"arn": c.ARN, "domainName": c.Domain, "subjectAlternativeNames": r.or("subjectAlternativeNames", names), "keyAlgorithm": c.KeyAlgorithm,
			"status": c.Status, "type": c.Type, "notAfter": c.NotAfter.Format(time.RFC3339), "notBefore": "", "pendingRenewal": false,
			"renewalEligibility": "INELIGIBLE", "tagsAll": c.tagsAll(), "renewalSummaries": []any{}, "domainValidationOptions": []any{}, "validationEmails": []any{},
			"validationMethod": r.or("validationMethod", "NONE"),
			"options":          r.or("options", engine.Props{"certificateTransparencyLoggingPreference": "DISABLED", "export": "DISABLED"}),
		}
	},
}

// names are the domain and the alternative names, each once.
func (r *request) names() []string {
	names := []string{r.str("domainName")}
	for _, n := range r.list("subjectAlternativeNames") {
		if n != names[0] {
			names = append(names, n)
		}
	}
	return names
}

func (r *request) importCertificate(c *Certificate) error {
	cert, err := oneCertificate(r.str("certificateBody"))
	if err != nil {
		return lawImport.Refuse("ValidationException", "Could not parse certificate. Please ensure the certificate is in PEM format and only one is given. (%v)", err)
	}
	key, err := privateKey(r.str("privateKey"))
	if err != nil {
		return lawImport.Refuse("ValidationException", "The private key is not supported or not in PEM format. (%v)", err)
	}
	if !samePublicKey(key.Public(), cert.PublicKey) {
		return lawImport.Refuse("ValidationException", "The private key does not match the public key of the certificate.")
	}
	now := r.World.Calendar()
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return lawImport.Refuse("ValidationException", "The certificate is not valid at this time: %s to %s.", cert.NotBefore, cert.NotAfter)
	}
	if err := verify(cert, r.str("certificateChain"), now); err != nil {
		return lawImport.Refuse("ValidationException", "Could not validate the certificate with the certificate chain. (%v)", err)
	}
	c.Domain, c.Names = cert.Subject.CommonName, cert.DNSNames
	if c.Domain == "" && len(c.Names) > 0 {
		c.Domain = c.Names[0]
	}
	c.Name, c.KeyAlgorithm, c.Status, c.Type, c.NotAfter = c.Domain, keyAlgorithm(cert.PublicKey), "ISSUED", "IMPORTED", cert.NotAfter
	c.CertPEM, c.ChainPEM, c.PrivateKeyPEM = r.str("certificateBody"), r.str("certificateChain"), r.str("privateKey")
	return nil
}

// verify follows a chain to its last certificate; without one, the certificate
// must be self-signed.
func verify(cert *x509.Certificate, chain string, now time.Time) error {
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	if chain == "" {
		roots.AddCert(cert)
	} else {
		all, err := certificatesOf(chain)
		if err != nil {
			return err
		}
		roots.AddCert(all[len(all)-1])
		for _, c := range all[:len(all)-1] {
			middle.AddCert(c)
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: middle, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	return nil
}

// acmDays is how long ACM's private certificates are valid.
const acmDays = 395

func day(t time.Time) string { return t.Format(time.DateOnly) }

// requestPrivate issues from a private CA.
func (r *request) requestPrivate(c *Certificate) error {
	ca, err := r.authority("certificateAuthorityArn")
	switch {
	case err != nil:
		return err
	case ca.Status != "ACTIVE":
		return notActive(ca)
	case ca.ShortLived:
		return lawShortLived.Refuse("ValidationException", "Certificate authority %s has usage mode SHORT_LIVED_CERTIFICATE, ACM cannot request certificates from it", ca.ARN)
	}
	parent, err := oneCertificate(ca.CertPEM)
	if err != nil {
		return notActive(ca)
	}
	now := r.World.Calendar()
	if end := now.AddDate(0, 0, acmDays); end.After(parent.NotAfter) {
		return invalidDuration(end, ca, parent)
	}
	c.KeyAlgorithm = text(r.or("keyAlgorithm", "RSA_2048"))
	c.Domain, c.Names, c.AuthorityARN, c.Type = r.str("domainName"), r.names(), ca.ARN, "PRIVATE"
	if err := c.issue(now, parent, ca.key, ca.CertPEM); err != nil {
		return err
	}
	// The import of the CA's certificate is what made it active; nothing in the
	// inputs of a request names it.
	r.op.DependsOn(ca.installedBy, lawAuthorityActive)
	return nil
}

func invalidDuration(end time.Time, ca *Authority, parent *x509.Certificate) error {
	return lawAuthorityOutlives.Refuse("PCA_INVALID_DURATION",
		"The validity of the certificate, until %s, exceeds that of CA %s, until %s", day(end), ca.ARN, day(parent.NotAfter))
}

// issue makes the certificate's key and signs it.
func (c *Certificate) issue(now time.Time, parent *x509.Certificate, parentKey crypto.Signer, chain string) error {
	key, err := newKey(c.KeyAlgorithm)
	if err != nil {
		return lawImport.Refuse("ValidationException", "%v", err)
	}
	c.NotAfter = now.AddDate(0, 0, acmDays)
	tmpl := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: c.Domain}, DNSNames: c.Names, NotBefore: now.Add(-time.Hour), NotAfter: c.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), parentKey)
	if err != nil {
		return lawAuthorityActive.Refuse("InvalidArgsException", "%v", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	c.CertPEM, c.ChainPEM, c.PrivateKeyPEM = pemText("CERTIFICATE", der), chain, pemText("PRIVATE KEY", pkcs8)
	c.Status = "ISSUED"
	return nil
}

// Certificates is acm:ListCertificates.
func (a *Account) Certificates(p iam.Principal) ([]*Certificate, error) {
	if err := a.Authorize(p, "acm:ListCertificates", "*"); err != nil {
		return nil, err
	}
	return sorted(a.certs.certificates), nil
}

// CertificateOf returns what a service presents, or nil.
func (a *Account) CertificateOf(arn string) *Certificate {
	c := a.certs.certificates[arn]
	if c == nil || c.Status != "ISSUED" {
		return nil
	}
	return c
}

// AddCertificate puts a certificate into the account that was there before the
// program, for programs that bring their own: RSA-2048, signed by a root of its
// own, whose PEM it returns. Call it inside World.Do or World.Look.
func (a *Account) AddCertificate(names ...string) (arn, caPEM string, err error) {
	caKey, err := newKey("RSA_2048")
	if err != nil {
		return "", "", err
	}
	now := a.World.Calendar()
	root := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "existing CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, root, root, caKey.Public(), caKey)
	if err != nil {
		return "", "", fmt.Errorf("signing the root: %w", err)
	}
	h := a.World.ID("existing certificate "+joined(names), 32)
	c := &Certificate{Type: "IMPORTED", Domain: names[0], Names: names, KeyAlgorithm: "RSA_2048"}
	c.Meta = Meta{ARN: a.arn("acm", a.Region, a.ID, "certificate/"+uuid(h)), Name: names[0], Region: a.Region, Before: true}
	c.ID = c.ARN
	if err := c.issue(now, root, caKey, pemText("CERTIFICATE", der)); err != nil {
		return "", "", err
	}
	a.certs.certificates[c.ARN] = c
	return c.ARN, c.ChainPEM, nil
}
