package check

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"eks-lattice/internal/problem"
)

// CACertificate takes certificates of CAs in PEM, and nothing else. It never
// shows the text: a key may be in it, which the state and the outputs of the
// stack, and a ConfigMap in every namespace, would then show.
func CACertificate(found *problem.List, path, text string) {
	if strings.Contains(text, "PRIVATE KEY") { // in a block that cannot be decoded, too
		found.Missing(path, "has a private key in it; remove it, and treat the key as known to others")
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
		found.Missing(path, "has a block that is not PEM; remove it, or copy it anew")
	}
}

func checkBlock(found *problem.List, path string, n int, block *pem.Block) {
	if block.Type != "CERTIFICATE" {
		found.Missing(path, "has a block %d that is not a certificate; remove it", n)
		return
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	now := time.Now()
	switch {
	case err != nil:
		found.Missing(path, "has a block %d that cannot be read as a certificate", n)
	case !certificate.BasicConstraintsValid || !certificate.IsCA:
		found.Missing(path, "has a certificate %d that is not a CA's; give the CA that signed the services' certificate", n)
	case certificate.KeyUsage != 0 && certificate.KeyUsage&x509.KeyUsageCertSign == 0:
		found.Missing(path, "has a certificate %d whose key usage does not let it sign certificates", n)
	case now.After(certificate.NotAfter):
		found.Missing(path, "has a certificate %d that ended on %s", n, certificate.NotAfter.Format(time.DateOnly))
	case now.Before(certificate.NotBefore):
		found.Missing(path, "has a certificate %d that begins on %s only", n, certificate.NotBefore.Format(time.DateOnly))
	}
}
