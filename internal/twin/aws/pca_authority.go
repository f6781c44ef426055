package aws

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// certState is what ACM and Private CA keep.
type certState struct {
	authorities  map[string]*Authority   // by ARN
	issued       map[string]*Issued      // by ARN
	certificates map[string]*Certificate // by ARN
}

func newCerts() certState {
	return certState{authorities: map[string]*Authority{}, issued: map[string]*Issued{}, certificates: map[string]*Certificate{}}
}

// Authority is a private certificate authority.
type Authority struct {
	Meta
	Status      string // "PENDING_CERTIFICATE", "ACTIVE", "DISABLED", "DELETED"
	Root        bool
	ShortLived  bool
	Algorithm   string
	CSR         string
	CertPEM     string
	ChainPEM    string
	Permissions map[string][]string // principal -> actions
	PermittedBy map[string]string   // principal -> URN
	Restorable  time.Time           // until when a deleted one can be restored, on the world's clock
	installedBy string              // the URN that installed the certificate
	key         crypto.Signer
}

var (
	lawAuthorityDeletion = law.New(law.Deletion, "authority-must-be-disabled",
		"A CA is deleted only when it is disabled or never got its certificate, and can be restored for 7 to 30 days.",
		"https://docs.aws.amazon.com/privateca/latest/userguide/PCADeleteCA.html")
	lawAuthorityArgs = law.New(law.Certificates, "authority-arguments",
		"A CA's key and signing algorithm belong together, and its restoration period is 7 to 30 days.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/API_CreateCertificateAuthority.html")
)

var authorityKind = &kind{
	token:    "aws:acmpca/certificateAuthority:CertificateAuthority",
	required: []string{"certificateAuthorityConfiguration"},
	forceNew: []string{"certificateAuthorityConfiguration", "type", "usageMode", "keyStorageSecurityStandard"},
	defaults: engine.Props{"enabled": true, "permanentDeletionTimeInDays": 30.0, "type": "SUBORDINATE"},
	check: func(c *checker) {
		c.oneOf("type", "ROOT", "SUBORDINATE")
		c.oneOf("usageMode", "GENERAL_PURPOSE", "SHORT_LIVED_CERTIFICATE")
		if d, ok := c.in["permanentDeletionTimeInDays"].(float64); ok && (d < 7 || d > 30) {
			c.fail("permanentDeletionTimeInDays", "expected permanent_deletion_time_in_days to be in the range (7 - 30), got %d", int(d))
		}
	},
	create: createAuthority,
	update: func(r *request) error {
		ca := r.certs.authorities[r.id]
		ca.Tags = r.tags()
		switch {
		case r.flag("enabled") && ca.Status == "DISABLED":
			ca.Status = "ACTIVE"
		case !r.flag("enabled") && ca.Status == "ACTIVE":
			ca.Status = "DISABLED"
		}
		return nil
	},
	remove: func(r *request) error { // the provider disables first
		ca := r.certs.authorities[r.id]
		if ca.Status == "ACTIVE" {
			ca.Status = "DISABLED"
		}
		return r.deleteAuthority(ca, r.num("permanentDeletionTimeInDays"))
	},
	outputs: func(r *request) engine.Props {
		ca := r.certs.authorities[r.id]
		if ca == nil || ca.Status == "DELETED" {
			return nil
		}
		out := engine.Props{"arn": ca.ARN, "certificateSigningRequest": ca.CSR, "certificate": ca.CertPEM, "certificateChain": ca.ChainPEM,
			"usageMode": r.or("usageMode", "GENERAL_PURPOSE"), "keyStorageSecurityStandard": r.or("keyStorageSecurityStandard", "FIPS_140_2_LEVEL_3_OR_HIGHER"),
			"enabled": ca.Status != "DISABLED", "tagsAll": ca.tagsAll(), "notAfter": "", "notBefore": "", "serial": ""}
		if cert, err := oneCertificate(ca.CertPEM); err == nil {
			out["notAfter"], out["notBefore"] = cert.NotAfter.Format(time.RFC3339), cert.NotBefore.Format(time.RFC3339)
			out["serial"] = cert.SerialNumber.Text(16)
		}
		return out
	},
}

func createAuthority(r *request) (string, error) {
	conf := r.obj("certificateAuthorityConfiguration")
	algorithm := text(conf["keyAlgorithm"])
	if strings.HasPrefix(algorithm, "RSA") != strings.HasSuffix(text(conf["signingAlgorithm"]), "RSA") {
		return "", lawAuthorityArgs.Refuse("InvalidArgsException", "The signing algorithm %s does not fit the key algorithm %s", text(conf["signingAlgorithm"]), algorithm)
	}
	key, err := newKey(algorithm)
	if err != nil {
		return "", lawAuthorityArgs.Refuse("ValidationException", "%v", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subjectOf(obj(conf["subject"]))}, key)
	if err != nil {
		return "", lawAuthorityArgs.Refuse("ValidationException", "making the request: %v", err)
	}
	h := r.World.ID(r.urn, 32)
	arn := r.arn("acm-pca", r.region, r.ID, "certificate-authority/"+uuid(h))
	r.certs.authorities[arn] = &Authority{
		Meta: r.meta(arn, arn, ""), Status: "PENDING_CERTIFICATE", Root: r.str("type") == "ROOT",
		ShortLived: r.str("usageMode") == "SHORT_LIVED_CERTIFICATE", Algorithm: algorithm,
		CSR: pemText("CERTIFICATE REQUEST", der), Permissions: map[string][]string{}, PermittedBy: map[string]string{}, key: key,
	}
	return arn, nil
}

func uuid(h string) string {
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// deleteAuthority is DeleteCertificateAuthority.
func (a *Account) deleteAuthority(ca *Authority, days int) error {
	if ca.Status != "DISABLED" && ca.Status != "PENDING_CERTIFICATE" {
		return lawAuthorityDeletion.Refuse("InvalidStateException",
			"The certificate authority %s must be in the DISABLED, PENDING_CERTIFICATE, CREATING, EXPIRED or FAILED state to be deleted", ca.ARN)
	}
	ca.Status = "DELETED"
	ca.Restorable = a.World.Now().AddDate(0, 0, days)
	return nil
}
