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
	// ValidityYears is the life of a CA that is made here.
	ValidityYears int
	// CertificateARN is the certificate of CAModeExisting: RSA 2048, for
	// *.<domain>, in the account's Region.
	CertificateARN string
	// CACertificate is the CA of CAModeExisting, in PEM.
	CACertificate string
	// Protect refuses the deletion of a CA that is made here.
	Protect bool
}

func (a *CertificatesArgs) check(found *problem.List) {
	switch a.Mode {
	case CAModeACMPCA, CAModeSelfManaged:
		if a.ValidityYears < 2 || a.ValidityYears > 30 {
			found.Add("caValidityYears", a.ValidityYears, "must be between 2 and 30: a CA has to outlive its certificates, which live 13 months")
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
