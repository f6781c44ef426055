package acm

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"time"

	"eks-lattice/internal/twin/aws/acmpca"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/pki"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

var (
	lawShortLived = law.New(law.Certificates, "acm-needs-general-purpose-ca",
		"ACM cannot issue from a CA in short-lived mode.",
		"https://docs.aws.amazon.com/privateca/latest/userguide/short-lived-certificates.html")
	lawCertificateInUse = law.New(law.Deletion, "certificate-in-use",
		"A certificate that a VPC Lattice service uses cannot be deleted.",
		"https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html")
)

// InUse is the refusal of a certificate's deletion.
var InUse = cloud.InUse{Law: lawCertificateInUse, Code: "ResourceInUseException", Format: "Certificate %[1]s is in use. (%[2]s)"}

var _ = cloud.DefineType(cloud.Type[*Certificate]{
	Schema: cloud.Schema{
		Token: "aws:acm/certificate:Certificate",
		ForceNew: []string{"domainName", "subjectAlternativeNames", "certificateAuthorityArn", "keyAlgorithm", "validationMethod",
			"validationOptions"},
		Sets:   []string{"subjectAlternativeNames"},
		Refers: []cloud.Reference{{Property: "certificateAuthorityArn", To: acmpca.Authorities}},
		Takes:  cloud.Durations{Create: 10 * time.Second, Update: cloud.Instant},
		Check: func(c *cloud.Checker) {
			if c.In["domainName"] == nil && c.In["privateKey"] == nil {
				c.Fail("domainName", "Missing required argument. One of `domain_name`, `private_key` must be specified")
			}
			if c.In["certificateAuthorityArn"] != nil && c.In["validationMethod"] != nil {
				c.Fail("validationMethod", "Conflicting configuration arguments. %q conflicts with certificate_authority_arn", "validation_method")
			}
			c.OneOf("keyAlgorithm", "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
		},
	},
	Table: Certificates,
	Create: func(r *cloud.Request) (*Certificate, error) {
		arn := r.ARN("acm", "certificate/"+cloud.UUID(r.Digits(32)))
		c := &Certificate{Meta: r.Meta(arn, arn, r.Str("domainName"))}
		switch {
		case r.Has("privateKey"):
			return c, c.importFrom(r)
		case r.Has("certificateAuthorityArn"):
			return c, c.request(r)
		}
		c.Domain, c.Names, c.KeyAlgorithm = r.Str("domainName"), names(r), "RSA_2048"
		c.Status, c.Type = "PENDING_VALIDATION", "AMAZON_ISSUED"
		return c, nil
	},
	Update: func(r *cloud.Request, c *Certificate) error {
		if r.Has("privateKey") && (r.Changed("privateKey") || r.Changed("certificateBody") || r.Changed("certificateChain")) {
			return c.importFrom(r)
		}
		return nil
	},
	Outputs: func(r *cloud.Request, c *Certificate) engine.Props {
		return engine.Props{
			"arn": c.ARN, "domainName": c.Domain, "subjectAlternativeNames": r.Or("subjectAlternativeNames", cloud.List(c.Names)),
			"keyAlgorithm": c.KeyAlgorithm, "status": c.Status, "type": c.Type, "notAfter": c.NotAfter.Format(time.RFC3339), "notBefore": "",
			"pendingRenewal": false, "renewalEligibility": "INELIGIBLE", "renewalSummaries": []any{}, "domainValidationOptions": []any{},
			"validationEmails": []any{}, "validationMethod": r.Or("validationMethod", "NONE"),
			"options": r.Or("options", engine.Props{"certificateTransparencyLoggingPreference": "DISABLED", "export": "DISABLED"}),
		}
	},
})

// names are the domain and the alternative names, each once.
func names(r *cloud.Request) []string {
	names := []string{r.Str("domainName")}
	for _, n := range r.List("subjectAlternativeNames") {
		if n != names[0] {
			names = append(names, n)
		}
	}
	return names
}

// lifetime of ACM's private certificates, in days.
const lifetime = 395

// request issues from a private CA.
func (c *Certificate) request(r *cloud.Request) error {
	ca, err := acmpca.Find(r)
	if err != nil {
		return err
	}
	if ca.ShortLived && ca.Status == acmpca.Active {
		return lawShortLived.Refuse("ValidationException",
			"Certificate authority %s has usage mode SHORT_LIVED_CERTIFICATE, ACM cannot request certificates from it", ca.ARN)
	}
	c.KeyAlgorithm = cloud.Text(r.Or("keyAlgorithm", "RSA_2048"))
	c.Domain, c.Names, c.AuthorityARN, c.Type = r.Str("domainName"), names(r), ca.ARN, "PRIVATE"
	if err := c.issueFrom(ca, r.Account.World.Calendar()); err != nil {
		return err
	}
	// The import of the CA's certificate is what made it active; nothing in the
	// inputs of a request names it.
	r.Op.DependsOn(ca.InstalledBy, acmpca.LawActive)
	return nil
}

// issueFrom issues the certificate, or issues it anew.
func (c *Certificate) issueFrom(ca *acmpca.Authority, at time.Time) error {
	parent, err := ca.Issuer()
	if err != nil {
		return err
	}
	if end := at.AddDate(0, 0, lifetime); end.After(parent.NotAfter) {
		return acmpca.LawDuration.Refuse("PCA_INVALID_DURATION",
			"The validity of the certificate, until %s, exceeds that of CA %s, until %s",
			end.Format(time.DateOnly), ca.ARN, parent.NotAfter.Format(time.DateOnly))
	}
	return c.issue(at, parent, ca.Key, ca.CertPEM)
}

// issue generates the certificate's key and signs the certificate.
func (c *Certificate) issue(now time.Time, parent *x509.Certificate, parentKey crypto.Signer, chain string) error {
	key, err := pki.NewKey(c.KeyAlgorithm)
	if err != nil {
		return fmt.Errorf("generating the key of a certificate: %w", err)
	}
	c.NotAfter = now.AddDate(0, 0, lifetime)
	tmpl := &x509.Certificate{
		SerialNumber: pki.Serial(), Subject: pkix.Name{CommonName: c.Domain}, DNSNames: c.Names,
		NotBefore: now.Add(-time.Hour), NotAfter: c.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), parentKey)
	if err != nil {
		return fmt.Errorf("signing a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	c.CertPEM, c.ChainPEM, c.PrivateKeyPEM = pki.PEM("CERTIFICATE", der), chain, pki.PEM("PRIVATE KEY", pkcs8)
	c.Status = "ISSUED"
	return nil
}

// List is acm:ListCertificates.
func List(a *cloud.Account, p iam.Principal) ([]*Certificate, error) {
	if err := a.Authorize(p, "acm:ListCertificates", "*"); err != nil {
		return nil, err
	}
	return Certificates.All(a), nil
}

// Presented returns the certificate that a service presents, or nil.
func Presented(a *cloud.Account, arn string) *Certificate {
	c := Certificates.Get(a, arn)
	if c == nil || c.Status != "ISSUED" {
		return nil
	}
	return c
}
