package acm

import (
	"crypto/x509"
	"fmt"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/pki"
	"eks-lattice/internal/twin/law"
)

var lawImport = law.New(law.Certificates, "certificate-import",
	"An imported certificate is PEM, valid today, matches its private key and verifies against its chain.",
	"https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html")

// importFrom takes the certificate from a request's inputs.
func (c *Certificate) importFrom(r *cloud.Request) error {
	cert, err := pki.Certificate(r.Str("certificateBody"))
	if err != nil {
		return lawImport.Refuse("ValidationException",
			"Could not parse certificate. Please ensure the certificate is in PEM format and only one is given. (%v)", err)
	}
	key, err := pki.PrivateKey(r.Str("privateKey"))
	if err != nil {
		return lawImport.Refuse("ValidationException", "The private key is not supported or not in PEM format. (%v)", err)
	}
	if !pki.SamePublicKey(key.Public(), cert.PublicKey) {
		return lawImport.Refuse("ValidationException", "The private key does not match the public key of the certificate.")
	}
	now := r.Account.World.Calendar()
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return lawImport.Refuse("ValidationException", "The certificate is not valid at this time: %s to %s.", cert.NotBefore, cert.NotAfter)
	}
	if err := verify(cert, r.Str("certificateChain"), now); err != nil {
		return lawImport.Refuse("ValidationException", "Could not validate the certificate with the certificate chain. (%v)", err)
	}
	c.Domain, c.Names = cert.Subject.CommonName, cert.DNSNames
	if c.Domain == "" && len(c.Names) > 0 {
		c.Domain = c.Names[0]
	}
	c.Name, c.KeyAlgorithm, c.Status, c.Type, c.NotAfter = c.Domain, pki.KeyAlgorithm(cert.PublicKey), "ISSUED", "IMPORTED", cert.NotAfter
	c.CertPEM, c.ChainPEM, c.PrivateKeyPEM = r.Str("certificateBody"), r.Str("certificateChain"), r.Str("privateKey")
	return nil
}

// verify follows a chain to its last certificate; without one, the certificate
// must be self-signed.
func verify(cert *x509.Certificate, chain string, now time.Time) error {
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	if chain == "" {
		roots.AddCert(cert)
	} else {
		all, err := pki.Certificates(chain)
		if err != nil {
			return err
		}
		roots.AddCert(all[len(all)-1])
		for _, c := range all[:len(all)-1] {
			middle.AddCert(c)
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: middle, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	return nil
}
