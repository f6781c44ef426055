package components

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acmpca"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newPrivateCA makes a root CA in AWS Private CA and has ACM issue from it.
func (e *Environment) newPrivateCA(ctx *pulumi.Context, name string) error {
	const signing = "SHA512WITHRSA"
	ca, err := acmpca.NewCertificateAuthority(ctx, name+"-ca", &acmpca.CertificateAuthorityArgs{
		Type: pulumi.String("ROOT"),
		CertificateAuthorityConfiguration: acmpca.CertificateAuthorityCertificateAuthorityConfigurationArgs{
			KeyAlgorithm:     pulumi.String("RSA_4096"),
			SigningAlgorithm: pulumi.String(signing),
			Subject: acmpca.CertificateAuthorityCertificateAuthorityConfigurationSubjectArgs{
				CommonName: pulumi.String(e.args.Domain),
			},
		},
		// the shortest that AWS offers; a CA waiting for its end costs nothing
		PermanentDeletionTimeInDays: pulumi.Int(7),
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.Protect))
	if err != nil {
		return fmt.Errorf("creating private CA: %w", err)
	}
	root, err := acmpca.NewCertificate(ctx, name+"-ca-root", &acmpca.CertificateArgs{
		CertificateAuthorityArn:   ca.Arn,
		CertificateSigningRequest: ca.CertificateSigningRequest,
		SigningAlgorithm:          pulumi.String(signing),
		TemplateArn:               pulumi.Sprintf("arn:%s:acm-pca:::template/RootCACertificate/V1", e.args.Account.Partition),
		Validity: acmpca.CertificateValidityArgs{
			Type:  pulumi.String("YEARS"),
			Value: pulumi.String(strconv.Itoa(e.args.Certificates.ValidityYears)),
		},
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.Protect))
	if err != nil {
		return fmt.Errorf("issuing root certificate: %w", err)
	}
	active, err := acmpca.NewCertificateAuthorityCertificate(ctx, name+"-ca-active", &acmpca.CertificateAuthorityCertificateArgs{
		CertificateAuthorityArn: ca.Arn,
		Certificate:             root.Certificate,
		CertificateChain:        root.CertificateChain,
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.Protect))
	if err != nil {
		return fmt.Errorf("installing root certificate: %w", err)
	}
	// https://docs.aws.amazon.com/privateca/latest/userguide/assign-permissions.html
	renewal, err := acmpca.NewPermission(ctx, name+"-ca-renewal", &acmpca.PermissionArgs{
		CertificateAuthorityArn: ca.Arn,
		Principal:               pulumi.String("acm.amazonaws.com"),
		Actions:                 pulumi.ToStringArray([]string{"IssueCertificate", "GetCertificate", "ListPermissions"}),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("permitting renewal: %w", err)
	}
	certificate, err := acm.NewCertificate(ctx, name+"-certificate", &acm.CertificateArgs{
		DomainName:              pulumi.String(e.certificateNames()[0]),
		SubjectAlternativeNames: pulumi.ToStringArray(e.certificateNames()),
		CertificateAuthorityArn: ca.Arn,
		// the only kind that VPC Lattice serves
		// https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-byoc.html
		KeyAlgorithm: pulumi.String("RSA_2048"),
	}, pulumi.Parent(e), pulumi.DependsOn([]pulumi.Resource{
		// a CA issues only once it has its own certificate
		active,
		// without it ACM can issue, but the certificate ends after 13 months
		renewal,
	}))
	if err != nil {
		return fmt.Errorf("creating certificate: %w", err)
	}
	e.CertificateARN, e.CACertificate, e.CAARN = certificate.Arn, root.Certificate, ca.Arn
	e.shared = append(e.shared, certificate)
	return nil
}
