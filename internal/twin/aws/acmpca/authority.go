// Package acmpca is AWS Private CA.
package acmpca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/pki"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Status is the state of an Authority.
type Status string

// The states that the twin's authorities have.
const (
	Pending  Status = "PENDING_CERTIFICATE"
	Active   Status = "ACTIVE"
	Disabled Status = "DISABLED"
	Deleted  Status = "DELETED"
)

// Authority is a private certificate authority.
type Authority struct {
	cloud.Meta
	Status      Status
	Root        bool
	ShortLived  bool
	CSR         string
	CertPEM     string
	ChainPEM    string
	Permissions map[string][]string // principal -> actions
	Restorable  time.Time           // until when a deleted one can be restored, on the world's clock
	InstalledBy string              // the URN that installed the certificate
	Key         crypto.Signer
}

var (
	lawAuthorityExists = law.New(law.Certificates, "authority-exists",
		"The CA of a certificate, a permission or an import must exist in the Region.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/CommonErrors.html")
	lawAuthorityDeletion = law.New(law.Deletion, "authority-restoration",
		"A deleted CA can be restored for 7 to 30 days.",
		"https://docs.aws.amazon.com/privateca/latest/userguide/PCADeleteCA.html")
	lawAuthorityArgs = law.New(law.Certificates, "authority-arguments",
		"A CA's key and signing algorithm belong together.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/API_CreateCertificateAuthority.html")
	// LawActive is the law of authorities that cannot issue.
	LawActive = law.New(law.Certificates, "authority-must-be-active",
		"A CA issues only while it is ACTIVE, that is, once its own certificate is installed; before, it issues only that certificate.",
		"https://docs.aws.amazon.com/privateca/latest/userguide/ca-lifecycle.html")
)

// Authorities are the certificate authorities by ARN.
var Authorities = cloud.NewTable[*Authority]("acm-pca certificate authority", cloud.Missing{
	Law: lawAuthorityExists, Code: "ResourceNotFoundException", Format: "Could not find Certificate Authority %s",
})

// Find finds an authority that is not deleted.
func Find(r *cloud.Request) (*Authority, error) {
	ca, err := Authorities.Find(r, r.Str("certificateAuthorityArn"))
	if err == nil && ca.Status == Deleted {
		return nil, Authorities.NotFound(ca.ARN)
	}
	return ca, err
}

var _ = cloud.DefineType(cloud.Type[*Authority]{
	Schema: cloud.Schema{
		Token:    "aws:acmpca/certificateAuthority:CertificateAuthority",
		Required: []string{"certificateAuthorityConfiguration"},
		ForceNew: []string{"certificateAuthorityConfiguration", "type", "usageMode", "keyStorageSecurityStandard"},
		Defaults: engine.Props{"enabled": true, "permanentDeletionTimeInDays": 30.0, "type": "SUBORDINATE"},
		Takes:    cloud.Durations{Create: 5 * time.Second, Delete: 3 * time.Second},
		Check: func(c *cloud.Checker) {
			c.OneOf("type", "ROOT", "SUBORDINATE")
			c.OneOf("usageMode", "GENERAL_PURPOSE", "SHORT_LIVED_CERTIFICATE")
			c.Between(lawAuthorityDeletion, "permanentDeletionTimeInDays", 7, 30)
		},
	},
	Table:  Authorities,
	Create: createAuthority,
	Update: func(r *cloud.Request, ca *Authority) error {
		switch {
		case r.Flag("enabled") && ca.Status == Disabled:
			ca.Status = Active
		case !r.Flag("enabled") && ca.Status == Active:
			ca.Status = Disabled
		}
		return nil
	},
	Delete: func(r *cloud.Request, ca *Authority) error { // the provider disables it first
		ca.Status, ca.NoLeftover = Deleted, true
		ca.Restorable = r.Account.World.Now().AddDate(0, 0, r.Num("permanentDeletionTimeInDays"))
		return nil
	},
	Outputs: func(r *cloud.Request, ca *Authority) engine.Props {
		if ca.Status == Deleted {
			return nil
		}
		out := engine.Props{"arn": ca.ARN, "certificateSigningRequest": ca.CSR, "certificate": ca.CertPEM, "certificateChain": ca.ChainPEM,
			"usageMode":                  r.Or("usageMode", "GENERAL_PURPOSE"),
			"keyStorageSecurityStandard": r.Or("keyStorageSecurityStandard", "FIPS_140_2_LEVEL_3_OR_HIGHER"),
			"enabled":                    ca.Status != Disabled, "notAfter": "", "notBefore": "", "serial": ""}
		if cert, err := pki.Certificate(ca.CertPEM); err == nil {
			out["notAfter"], out["notBefore"] = cert.NotAfter.Format(time.RFC3339), cert.NotBefore.Format(time.RFC3339)
			out["serial"] = cert.SerialNumber.Text(16)
		}
		return out
	},
})

func createAuthority(r *cloud.Request) (*Authority, error) {
	conf := r.Obj("certificateAuthorityConfiguration")
	algorithm, signing := cloud.Text(conf["keyAlgorithm"]), cloud.Text(conf["signingAlgorithm"])
	if strings.HasPrefix(algorithm, "RSA") != strings.HasSuffix(signing, "RSA") {
		return nil, lawAuthorityArgs.Refuse("InvalidArgsException",
			"The signing algorithm %s does not fit the key algorithm %s", signing, algorithm)
	}
	key, err := pki.NewKey(algorithm)
	if err != nil {
		return nil, lawAuthorityArgs.Refuse("ValidationException", "%v", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subjectOf(cloud.Object(conf["subject"]))}, key)
	if err != nil {
		return nil, lawAuthorityArgs.Refuse("ValidationException", "creating the request: %v", err)
	}
	arn := r.ARN("acm-pca", "certificate-authority/"+cloud.UUID(r.Digits(32)))
	return &Authority{
		Meta: r.Meta(arn, arn, ""), Status: Pending, Root: r.Str("type") == "ROOT",
		ShortLived: r.Str("usageMode") == "SHORT_LIVED_CERTIFICATE",
		CSR:        pki.PEM("CERTIFICATE REQUEST", der), Permissions: map[string][]string{}, Key: key,
	}, nil
}

// subjectOf turns a CA's subject input into a name.
func subjectOf(in engine.Props) pkix.Name {
	one := func(key string) []string {
		if s := cloud.Text(in[key]); s != "" {
			return []string{s}
		}
		return nil
	}
	return pkix.Name{
		CommonName: cloud.Text(in["commonName"]), Country: one("country"), Organization: one("organization"),
		OrganizationalUnit: one("organizationalUnit"), Locality: one("locality"), Province: one("state"),
	}
}

// Renews reports whether a CA gave ACM the permissions that a managed renewal takes.
func (ca *Authority) Renews() bool {
	for _, action := range []string{"IssueCertificate", "GetCertificate", "ListPermissions"} {
		if !slices.Contains(ca.Permissions["acm.amazonaws.com"], action) {
			return false
		}
	}
	return true
}

// Issuer returns the certificate of an authority that can issue.
func (ca *Authority) Issuer() (*x509.Certificate, error) {
	cert, err := pki.Certificate(ca.CertPEM)
	if ca.Status != Active || err != nil {
		return nil, ca.notActive()
	}
	return cert, nil
}

func (ca *Authority) notActive() error {
	return LawActive.Refuse("InvalidStateException",
		"The certificate authority %s is not in a valid state for issuing certificates: %s", ca.ARN, ca.Status)
}
