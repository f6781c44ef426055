package components

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acmpca"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newPrivateCA creates a root CA in AWS Private CA, and a certificate that ACM
// issues from it.
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
		// The shortest period that AWS offers. A CA that waits for its deletion is free.
		PermanentDeletionTimeInDays: pulumi.Int(7),
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.ProtectCA))
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
			Value: pulumi.String(strconv.Itoa(e.args.Certificates.CAValidityYears)),
		},
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.ProtectCA))
	if err != nil {
		return fmt.Errorf("issuing root certificate: %w", err)
	}
	active, err := acmpca.NewCertificateAuthorityCertificate(ctx, name+"-ca-active", &acmpca.CertificateAuthorityCertificateArgs{
		CertificateAuthorityArn: ca.Arn,
		Certificate:             root.Certificate,
		CertificateChain:        root.CertificateChain,
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.ProtectCA))
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
		// The only algorithm that VPC Lattice supports.
		// https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-byoc.html
		KeyAlgorithm: pulumi.String("RSA_2048"),
	}, pulumi.Parent(e), pulumi.DependsOn([]pulumi.Resource{
		// A CA issues only once it has its own certificate.
		active,
		// Without it ACM can issue the certificate, but not renew it after 13 months.
		renewal,
	}))
	if err != nil {
		return fmt.Errorf("creating certificate: %w", err)
	}
	e.CertificateARN, e.CACertificate, e.CAARN = certificate.Arn, root.Certificate, ca.Arn
	e.shared = append(e.shared, certificate)
	return nil
}
