package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
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

func (a *CertificatesArgs) settings() settings.List {
	return settings.List{
		settings.CAMode.For((*string)(&a.Mode)),
		settings.CAValidityYears.For(&a.ValidityYears),
		settings.CertificateARN.For(&a.CertificateARN),
		settings.CACertificate.For(&a.CACertificate),
		settings.ProtectCA.For(&a.Protect),
	}
}

// check reports arguments that do not fit the mode.
func (a *CertificatesArgs) check(found *problem.List) {
	switch a.Mode {
	case CAModeACMPCA, CAModeSelfManaged:
		if least := leastValidityYears[a.Mode]; a.ValidityYears == least-1 && a.ValidityYears > 1 {
			found.Add("caValidityYears", a.ValidityYears, "must be from %d to 30 in caMode %s: a CA has to outlive its certificates, which live 13 months", least, a.Mode)
		}
		if a.CertificateARN != "" {
			found.Add("certificateArn", a.CertificateARN, "is used in caMode %s only; remove it or change caMode", CAModeExisting)
		}
		if a.CACertificate != "" {
			found.Missing("caCertificate", "is used in caMode %s only; remove it or change caMode", CAModeExisting)
		}
	case CAModeExisting:
		if a.CertificateARN == "" {
			found.Missing("certificateArn", "is missing: caMode %s needs the ARN of an ACM certificate", CAModeExisting)
		}
		if a.CACertificate == "" {
			found.Missing("caCertificate", "is missing: caMode %s needs the CA that callers trust, in PEM", CAModeExisting)
		}
	}
}

// checkAccount reports a certificate that VPC Lattice cannot use. What is not
// known of the account yet is not compared.
func (a *CertificatesArgs) checkAccount(found *problem.List, account Account) {
	arn, ok := check.ParseARN(a.CertificateARN)
	if !ok || arn.Service != "acm" || a.Mode != CAModeExisting {
		return
	}
	if account.Region != "" && arn.Region != account.Region {
		found.Add("certificateArn", a.CertificateARN, "is of another Region than the stack's, %s; VPC Lattice takes certificates of its own Region", account.Region)
	}
	if account.ID != "" && (arn.Account != account.ID || arn.Partition != account.Partition) {
		found.Add("certificateArn", a.CertificateARN, "is of another account than the stack's, %s; VPC Lattice takes certificates of its own account", account.ID)
	}
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
