package check

import (
	"crypto/x509"
	"encoding/pem"

	"eks-lattice/internal/problem"
)

// CACertificate takes the certificate of a CA in PEM. It never shows the text:
// a key may be in it.
func CACertificate(found *problem.List, path, text string) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		found.Missing(path, "is not a PEM certificate")
		return
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		found.Missing(path, "cannot be read (%v)", err)
	}
}
