package check

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"eks-lattice/internal/problem"
)

// CACertificate accepts certificates of CAs in PEM, and nothing else. It never
// shows the text, which may contain a private key. The stack's state and outputs,
// and a ConfigMap in every namespace, would otherwise reveal the key.
func CACertificate(found *problem.List, path, text string) {
	if strings.Contains(text, "PRIVATE KEY") { // even in a block that cannot be decoded
		found.Missing(path, "contains a private key; delete it, and treat the key as compromised")
		return
	}
	rest, count := []byte(text), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		count++
		checkBlock(found, path, count, block)
	}
	switch {
	case count == 0:
		found.Missing(path, "is not a PEM certificate")
	case count != strings.Count(text, "-----BEGIN"):
		found.Missing(path, "has a block that is not PEM; delete it or copy it again")
	}
}

func checkBlock(found *problem.List, path string, n int, block *pem.Block) {
	if block.Type != "CERTIFICATE" {
		found.Missing(path, "its block %d is not a certificate; delete it", n)
		return
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	now := time.Now()
	switch {
	case err != nil:
		found.Missing(path, "its block %d cannot be read as a certificate", n)
	case !certificate.BasicConstraintsValid || !certificate.IsCA:
		found.Missing(path, "its certificate %d does not belong to a CA; give the CA that signed the services' certificate", n)
	case certificate.KeyUsage != 0 && certificate.KeyUsage&x509.KeyUsageCertSign == 0:
		found.Missing(path, "the key usage of its certificate %d does not include signing certificates", n)
	case now.After(certificate.NotAfter):
		found.Missing(path, "its certificate %d expired on %s", n, certificate.NotAfter.Format(time.DateOnly))
	case now.Before(certificate.NotBefore):
		found.Missing(path, "its certificate %d is not valid before %s", n, certificate.NotBefore.Format(time.DateOnly))
	}
}
