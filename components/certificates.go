package components

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
)

// CAMode says who signs the certificate of the services.
type CAMode string

const (
	// CAModeACMPCA makes a root CA in AWS Private CA. ACM issues from it and
	// renews by itself. The CA is billed by the month.
	// https://aws.amazon.com/private-ca/pricing/
	CAModeACMPCA CAMode = "acm-pca"
	// CAModeSelfManaged makes CA and certificate with Pulumi and imports the
	// certificate into ACM. It is free, the keys are secrets in the stack's
	// state, and an up in the last month of the certificate renews it.
	CAModeSelfManaged CAMode = "self-managed"
	// CAModeExisting takes a certificate that ACM has already.
	CAModeExisting CAMode = "existing"
)

// CertificatesArgs says who signs the services' certificate.
type CertificatesArgs struct {
	Mode CAMode
	// ValidityYears is the life of a CA that is made here. With CAModeACMPCA the
	// last certificate ends up to 13 months before it.
	ValidityYears int
	// CertificateARN is the certificate of CAModeExisting: RSA 2048, for
	// *.<domain>, in the account's Region.
	CertificateARN string
	// CACertificate is the CA of CAModeExisting, in PEM.
	CACertificate string
	// Protect refuses the deletion of a CA that is made here, that is of the CA in
	// AWS Private CA or of the self-managed CA's key.
	Protect bool
}

// leastValidityYears of a CA. A certificate must end before its CA. In AWS
// Private CA, where nothing renews the CA, that ends the renewals up to 13
// months before the CA does. A CA of two years has no day left for the first
// renewal, which ACM does on day 335 for 395 days.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html (PCA_INVALID_DURATION)
var leastValidityYears = map[CAMode]int{CAModeACMPCA: 3, CAModeSelfManaged: 2}

func (a *CertificatesArgs) check(found *problem.List) {
	switch a.Mode {
	case CAModeACMPCA, CAModeSelfManaged:
		if least := leastValidityYears[a.Mode]; a.ValidityYears < least || a.ValidityYears > 30 {
			found.Add("caValidityYears", a.ValidityYears, "must be between %d and 30 in caMode %s: a CA has to outlive its certificates, which live 13 months",
				least, a.Mode)
		}
		if a.CertificateARN != "" {
			found.Add("certificateArn", a.CertificateARN, "is used in caMode %s only; remove it or change caMode", CAModeExisting)
		}
		if a.CACertificate != "" {
			found.Missing("caCertificate", "is used in caMode %s only; remove it or change caMode", CAModeExisting)
		}
	case CAModeExisting:
		switch {
		case a.CertificateARN == "":
			found.Missing("certificateArn", "is missing: caMode %s needs the ARN of an ACM certificate", CAModeExisting)
		case !certificateARN.MatchString(a.CertificateARN):
			found.Add("certificateArn", a.CertificateARN, "is not the ARN of an ACM certificate")
		}
		if err := checkCACertificate(a.CACertificate); err != nil {
			found.Missing("caCertificate", "%v: caMode %s needs the CA that callers trust, in PEM", err, CAModeExisting)
		}
	default:
		found.Add("caMode", string(a.Mode), "is not a way to get a CA; give %s, %s or %s", CAModeACMPCA, CAModeSelfManaged, CAModeExisting)
	}
}

func checkCACertificate(text string) error {
	if text == "" {
		return fmt.Errorf("is missing")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return fmt.Errorf("is not a PEM certificate")
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return fmt.Errorf("cannot be read (%w)", err)
	}
	return nil
}

// newCertificates makes or takes the certificate for *.<domain> and its CA.
func (e *Environment) newCertificates(ctx *pulumi.Context, name string) error {
	switch e.args.Certificates.Mode {
	case CAModeACMPCA:
		return e.newPrivateCA(ctx, name)
	case CAModeSelfManaged:
		return e.newSelfManagedCA(ctx, name)
	default:
		e.CertificateARN = pulumi.String(e.args.Certificates.CertificateARN).ToStringOutput()
		e.CACertificate = pulumi.String(e.args.Certificates.CACertificate).ToStringOutput()
		e.CAARN = pulumi.String("").ToStringOutput()
		return nil
	}
}

// certificateNames are the names in the services' certificate.
func (e *Environment) certificateNames() []string {
	return []string{e.args.Domain, "*." + e.args.Domain}
}
