package components

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	hoursPerYear = 365 * 24
	// The longest validity of ACM's own certificates, so that both modes renew alike.
	leafHours = 395 * 24
	// An up within this time before the expiry creates a new one.
	earlyRenewalHours = 30 * 24
)

// newSelfManagedCA creates a CA and a certificate without AWS, and imports the
// certificate into ACM, where VPC Lattice finds it.
func (e *Environment) newSelfManagedCA(ctx *pulumi.Context, name string) error {
	// The key is the CA: a new certificate for the same key keeps all trust. The
	// provider creates one by replacing the certificate's resource. Protecting that
	// resource would refuse every up from then on.
	caKey, err := tls.NewPrivateKey(ctx, name+"-ca-key", &tls.PrivateKeyArgs{
		Algorithm: pulumi.String("RSA"),
		RsaBits:   pulumi.Int(4096),
	}, pulumi.Parent(e), pulumi.Protect(e.args.Certificates.ProtectCA))
	if err != nil {
		return fmt.Errorf("creating key of the CA: %w", err)
	}
	ca, err := tls.NewSelfSignedCert(ctx, name+"-ca", &tls.SelfSignedCertArgs{
		PrivateKeyPem:       caKey.PrivateKeyPem,
		IsCaCertificate:     pulumi.Bool(true),
		SetSubjectKeyId:     pulumi.Bool(true),
		AllowedUses:         pulumi.ToStringArray([]string{"cert_signing", "crl_signing", "digital_signature"}),
		ValidityPeriodHours: pulumi.Int(e.args.Certificates.CAValidityYears * hoursPerYear),
		// Early enough for certificates that outlive the old CA.
		EarlyRenewalHours: pulumi.Int(leafHours),
		Subject: tls.SelfSignedCertSubjectArgs{
			CommonName: pulumi.String(e.args.Domain),
		},
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("creating CA: %w", err)
	}
	key, err := tls.NewPrivateKey(ctx, name+"-key", &tls.PrivateKeyArgs{
		Algorithm: pulumi.String("RSA"),
		// The only size that VPC Lattice supports.
		// https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-byoc.html
		RsaBits: pulumi.Int(2048),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("creating key of the certificate: %w", err)
	}
	request, err := tls.NewCertRequest(ctx, name+"-request", &tls.CertRequestArgs{
		PrivateKeyPem: key.PrivateKeyPem,
		DnsNames:      pulumi.ToStringArray(e.certificateNames()),
		Subject: tls.CertRequestSubjectArgs{
			CommonName: pulumi.String(e.args.Domain),
		},
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("requesting certificate: %w", err)
	}
	leaf, err := tls.NewLocallySignedCert(ctx, name+"-leaf", &tls.LocallySignedCertArgs{
		CaPrivateKeyPem: caKey.PrivateKeyPem,
		CaCertPem:       ca.CertPem,
		CertRequestPem:  request.CertRequestPem,
		// Envoy rejects an RSA certificate with another key usage.
		AllowedUses:         pulumi.ToStringArray([]string{"digital_signature", "key_encipherment", "server_auth"}),
		ValidityPeriodHours: pulumi.Int(leafHours),
		EarlyRenewalHours:   pulumi.Int(earlyRenewalHours),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("signing certificate: %w", err)
	}
	certificate, err := acm.NewCertificate(ctx, name+"-certificate", &acm.CertificateArgs{
		PrivateKey:       key.PrivateKeyPem,
		CertificateBody:  leaf.CertPem,
		CertificateChain: ca.CertPem,
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("importing certificate: %w", err)
	}
	e.CertificateARN, e.CACertificate = certificate.Arn, ca.CertPem
	e.CAARN = pulumi.String("").ToStringOutput()
	e.shared = append(e.shared, certificate)
	return nil
}
