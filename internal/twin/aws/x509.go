package aws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"eks-lattice/internal/twin/engine"
)

// Certificates of the twin are real: a data plane can serve and check them. So
// their validity follows the world's calendar.

// newKey makes a private key of one of ACM's algorithms.
func newKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "RSA_2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "RSA_3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "RSA_4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	case "EC_prime256v1":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EC_secp384r1":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("unknown key algorithm %s", algorithm)
}

// keyAlgorithm names a public key in ACM's words.
func keyAlgorithm(pub any) string {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA_%d", k.N.BitLen())
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return "EC_prime256v1"
		}
		return "EC_secp384r1"
	}
	return "unknown"
}

// signatureAlgorithms are those of Private CA.
var signatureAlgorithms = map[string]x509.SignatureAlgorithm{
	"SHA256WITHRSA": x509.SHA256WithRSA, "SHA384WITHRSA": x509.SHA384WithRSA, "SHA512WITHRSA": x509.SHA512WithRSA,
	"SHA256WITHECDSA": x509.ECDSAWithSHA256, "SHA384WITHECDSA": x509.ECDSAWithSHA384, "SHA512WITHECDSA": x509.ECDSAWithSHA512,
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// oneCertificate reads a PEM text that holds exactly one certificate.
func oneCertificate(text string) (*x509.Certificate, error) {
	all, err := certificatesOf(text)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("%d certificates where one is expected", len(all))
	}
	return all[0], nil
}

func certificatesOf(text string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("a PEM block of type %s", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading a certificate: %w", err)
		}
		out = append(out, cert)
	}
	if len(out) == 0 {
		return nil, errors.New("no PEM block")
	}
	return out, nil
}

// privateKey reads a key in any of the three PEM forms.
func privateKey(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	signer, ok := k.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that cannot sign")
	}
	return signer, nil
}

// samePublicKey compares the key of a certificate or a request with another.
func samePublicKey(x, y any) bool {
	k, ok := x.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(y)
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(fmt.Sprintf("no randomness: %v", err))
	}
	return n
}

// subjectOf turns a CA's subject input into a name.
func subjectOf(in engine.Props) pkix.Name {
	one := func(key string) []string {
		if s := text(in[key]); s != "" {
			return []string{s}
		}
		return nil
	}
	return pkix.Name{
		CommonName: text(in["commonName"]), Country: one("country"), Organization: one("organization"),
		OrganizationalUnit: one("organizationalUnit"), Locality: one("locality"), Province: one("state"),
	}
}

// endOf adds a validity of Private CA to now.
func endOf(now time.Time, validity engine.Props) (time.Time, error) {
	n := number(validity["value"])
	if s := text(validity["value"]); s != "" {
		if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
			return parseEnd(s)
		}
	}
	switch text(validity["type"]) {
	case "YEARS":
		return now.AddDate(n, 0, 0), nil
	case "MONTHS":
		return now.AddDate(0, n, 0), nil
	case "DAYS":
		return now.AddDate(0, 0, n), nil
	case "ABSOLUTE":
		return time.Unix(int64(n), 0), nil
	}
	return parseEnd(text(validity["value"]))
}

func parseEnd(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading validity: %w", err)
	}
	return t, nil
}
