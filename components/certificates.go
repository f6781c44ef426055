package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/problem"
)

// CAMode says who signs the certificate of the services.
type CAMode string

// The modes of the CA.
const (
	// CAModeACMPCA creates a root CA in AWS Private CA. ACM issues and renews the
	// certificate. The CA is billed by the month.
	// https://aws.amazon.com/private-ca/pricing/
	CAModeACMPCA CAMode = "acm-pca"
	// CAModeSelfManaged creates CA and certificate with Pulumi and imports the
	// certificate into ACM. It is free, the keys are secrets in the stack's
	// state, and an up in the last month of the certificate renews it.
	CAModeSelfManaged CAMode = "self-managed"
	// CAModeExisting uses a certificate that exists in ACM.
	CAModeExisting CAMode = "existing"
)

// CertificatesArgs says who signs the services' certificate.
type CertificatesArgs struct {
	CAMode CAMode `setting:"caMode"`
	// CAValidityYears is the life of a CA that the environment creates. With
	// CAModeACMPCA, its last certificate expires up to 13 months before it.
	CAValidityYears int `setting:"caValidityYears"`
	// CertificateARN is the certificate of CAModeExisting: RSA 2048, for
	// *.<domain>, in the account's Region.
	CertificateARN string `setting:"certificateArn"`
	// CACertificate is the CA of CAModeExisting, in PEM.
	CACertificate string `setting:"caCertificate"`
	// ProtectCA refuses to delete a CA that the environment creates: the CA in AWS
	// Private CA, or the self-managed CA's key.
	ProtectCA bool `setting:"protectCa"`
}

// minimumValidityYears of a CA. A certificate must expire before its CA. Nothing
// renews a CA in AWS Private CA, so renewals end up to 13 months before the CA
// expires. A CA of two years has no day left for the first renewal, which ACM
// does on day 335 for 395 days.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html (PCA_INVALID_DURATION)
var minimumValidityYears = map[CAMode]int{CAModeACMPCA: 3, CAModeSelfManaged: 2}

// check reports arguments that do not fit the mode.
func (a *CertificatesArgs) check(found *problem.List) {
	const arn, ca, mode = "Certificates.CertificateARN", "Certificates.CACertificate", problem.Path("Certificates.CAMode")
	switch a.CAMode {
	case CAModeACMPCA, CAModeSelfManaged:
		if minimum := minimumValidityYears[a.CAMode]; a.CAValidityYears == minimum-1 && a.CAValidityYears > 1 {
			found.Add("Certificates.CAValidityYears", a.CAValidityYears,
				"must be from %d to 30 with %s %s: a CA has to outlive its certificates, which live 13 months", minimum, mode, a.CAMode)
		}
		if a.CertificateARN != "" {
			found.Add(arn, a.CertificateARN, "is used only with %s %s; delete it or change %[1]s", mode, CAModeExisting)
		}
		if a.CACertificate != "" {
			found.Missing(ca, "is used only with %s %s; delete it or change %[1]s", mode, CAModeExisting)
		}
	case CAModeExisting:
		if a.CertificateARN == "" {
			found.Missing(arn, "is missing: %s %s needs the ARN of an ACM certificate", mode, CAModeExisting)
		}
		if a.CACertificate == "" {
			found.Missing(ca, "is missing: %s %s needs the CA that callers trust, in PEM", mode, CAModeExisting)
		}
	}
}

// checkAccount reports a certificate that VPC Lattice cannot use. The account
// may be unknown, in whole or in part.
func (a *CertificatesArgs) checkAccount(found *problem.List, account Account) {
	arn, ok := check.ParseARN(a.CertificateARN)
	if !ok || arn.Service != "acm" || a.CAMode != CAModeExisting {
		return
	}
	if account.Region != "" && arn.Region != account.Region {
		found.Add("Certificates.CertificateARN", a.CertificateARN,
			"is not in the stack's Region, %s; VPC Lattice uses certificates of its own Region", account.Region)
	}
	if account.ID != "" && (arn.Account != account.ID || arn.Partition != account.Partition) {
		found.Add("Certificates.CertificateARN", a.CertificateARN,
			"is not in the stack's account, %s; VPC Lattice uses certificates of its own account", account.ID)
	}
}

// newCertificates creates the certificate for *.<domain> and its CA, or uses
// those of CAModeExisting.
func (e *Environment) newCertificates(ctx *pulumi.Context, name string) error {
	switch e.args.Certificates.CAMode {
	case CAModeACMPCA:
		return e.newPrivateCA(ctx, name)
	case CAModeSelfManaged:
		return e.newSelfManagedCA(ctx, name)
	case CAModeExisting:
		e.CertificateARN = pulumi.String(e.args.Certificates.CertificateARN).ToStringOutput()
		e.CACertificate = pulumi.String(e.args.Certificates.CACertificate).ToStringOutput()
		e.CAARN = pulumi.String("").ToStringOutput()
	}
	return nil
}

// certificateNames are the names in the services' certificate.
func (e *Environment) certificateNames() []string {
	return []string{e.args.Domain, "*." + e.args.Domain}
}
