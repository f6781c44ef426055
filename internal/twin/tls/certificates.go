package tls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // ids, as the provider computes them
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// issuer generates keys and signs certificates, which follow the world's calendar.
type issuer struct{ world *world.World }

// Properties of a certificate that say when to renew it.
const (
	earlyRenewal    = "earlyRenewalHours"
	readyForRenewal = "readyForRenewal"
)

var lawReadable = law.New(law.Certificates, "tls-readable-inputs",
	"A certificate is created only from a key, a request and a CA that can be read and that belong together.",
	"https://www.pulumi.com/registry/packages/tls/api-docs/locallysignedcert/")

// privateKey generates an RSA or ECDSA key.
func (issuer) privateKey(in engine.Props) (string, engine.Props, error) {
	var key crypto.Signer
	var err error
	algorithm, _ := in["algorithm"].(string)
	switch algorithm {
	case "RSA":
		bits := 2048
		if n, ok := in["rsaBits"].(float64); ok {
			bits = int(n)
		}
		key, err = rsa.GenerateKey(rand.Reader, bits)
	case "ECDSA":
		curves := map[any]elliptic.Curve{nil: elliptic.P224(), "P224": elliptic.P224(), "P256": elliptic.P256(),
			"P384": elliptic.P384(), "P521": elliptic.P521()}
		curve, ok := curves[in["ecdsaCurve"]]
		if !ok {
			return "", nil, lawReadable.Refuse("", "invalid ECDSA curve %v", in["ecdsaCurve"])
		}
		key, err = ecdsa.GenerateKey(curve, rand.Reader)
	default:
		return "", nil, lawReadable.Refuse("", "invalid key algorithm %q, want RSA or ECDSA", algorithm)
	}
	if err != nil {
		return "", nil, fmt.Errorf("generating a key: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", nil, fmt.Errorf("encoding a key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", nil, fmt.Errorf("encoding a public key: %w", err)
	}
	own := encode("PRIVATE KEY", pkcs8)
	if k, ok := key.(*rsa.PrivateKey); ok {
		own = encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k))
	}
	return id(public), engine.Props{
		"privateKeyPem": own, "privateKeyPemPkcs8": encode("PRIVATE KEY", pkcs8), "publicKeyPem": encode("PUBLIC KEY", public),
	}, nil
}

// selfSigned issues a certificate that its own key signs.
func (i issuer) selfSigned(in engine.Props) (string, engine.Props, error) {
	key, err := parseKey(in["privateKeyPem"])
	if err != nil {
		return "", nil, err
	}
	template, err := i.certificate(in, key.Public())
	if err != nil {
		return "", nil, err
	}
	template.Subject, template.DNSNames, template.IPAddresses, template.URIs = subject(in)
	return sign(template, template, key.Public(), key)
}

// certRequest creates a signing request.
func (issuer) certRequest(in engine.Props) (string, engine.Props, error) {
	key, err := parseKey(in["privateKeyPem"])
	if err != nil {
		return "", nil, err
	}
	template := &x509.CertificateRequest{}
	template.Subject, template.DNSNames, template.IPAddresses, template.URIs = subject(in)
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return "", nil, fmt.Errorf("creating a certificate request: %w", err)
	}
	return id(der), engine.Props{"certRequestPem": encode("CERTIFICATE REQUEST", der), "keyAlgorithm": algorithm(key)}, nil
}

// locallySigned issues a certificate that a CA signs.
func (i issuer) locallySigned(in engine.Props) (string, engine.Props, error) {
	key, err := parseKey(in["caPrivateKeyPem"])
	if err != nil {
		return "", nil, err
	}
	ca, err := parse(in["caCertPem"], "CERTIFICATE", x509.ParseCertificate)
	if err != nil {
		return "", nil, err
	}
	request, err := parse(in["certRequestPem"], "CERTIFICATE REQUEST", x509.ParseCertificateRequest)
	if err != nil {
		return "", nil, err
	}
	if public, ok := ca.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(key.Public()) {
		return "", nil, lawReadable.Refuse("", "the CA's private key does not belong to its certificate")
	}
	template, err := i.certificate(in, request.PublicKey)
	if err != nil {
		return "", nil, err
	}
	template.Subject, template.DNSNames = request.Subject, request.DNSNames
	template.IPAddresses, template.URIs = request.IPAddresses, request.URIs
	id, out, err := sign(template, ca, request.PublicKey, key)
	if err == nil {
		out["caKeyAlgorithm"] = algorithm(key)
	}
	return id, out, err
}

// certificate is a template with everything but the subject.
func (i issuer) certificate(in engine.Props, public crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	hours, _ := in["validityPeriodHours"].(float64)
	now := i.world.Calendar().UTC().Truncate(time.Second)
	t := &x509.Certificate{
		SerialNumber:          serial,
		NotBefore:             now,
		NotAfter:              now.Add(time.Duration(hours) * time.Hour),
		BasicConstraintsValid: true,
	}
	t.IsCA, _ = in["isCaCertificate"].(bool)
	uses, _ := in["allowedUses"].([]any)
	for _, use := range uses {
		name, _ := use.(string)
		usage, isUsage := keyUsages[name]
		extended, isExtended := extendedUsages[name]
		switch {
		case isUsage:
			t.KeyUsage |= usage
		case isExtended:
			t.ExtKeyUsage = append(t.ExtKeyUsage, extended)
		default:
			return nil, lawReadable.Refuse("", "unknown use %q of a certificate", name)
		}
	}
	if set, _ := in["setSubjectKeyId"].(bool); set {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, fmt.Errorf("encoding a public key: %w", err)
		}
		sum := sha1.Sum(der) //nolint:gosec // an identifier, see RFC 5280 section 4.2.1.2
		t.SubjectKeyId = sum[:]
	}
	return t, nil
}

// The uses by their names in the provider:
// https://www.pulumi.com/registry/packages/tls/api-docs/selfsignedcert/#allowed_uses
var (
	keyUsages = map[string]x509.KeyUsage{
		"digital_signature": x509.KeyUsageDigitalSignature, "content_commitment": x509.KeyUsageContentCommitment,
		"key_encipherment": x509.KeyUsageKeyEncipherment, "data_encipherment": x509.KeyUsageDataEncipherment,
		"key_agreement": x509.KeyUsageKeyAgreement, "cert_signing": x509.KeyUsageCertSign, "crl_signing": x509.KeyUsageCRLSign,
	}
	extendedUsages = map[string]x509.ExtKeyUsage{
		"any_extended": x509.ExtKeyUsageAny, "server_auth": x509.ExtKeyUsageServerAuth, "client_auth": x509.ExtKeyUsageClientAuth,
	}
)

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (string, engine.Props, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return "", nil, lawReadable.Refuse("", "signing a certificate: %v", err)
	}
	return template.SerialNumber.String(), engine.Props{
		"certPem":           encode("CERTIFICATE", der),
		"keyAlgorithm":      algorithm(key),
		readyForRenewal:     false,
		"validityStartTime": template.NotBefore.Format(time.RFC3339),
		"validityEndTime":   template.NotAfter.Format(time.RFC3339),
	}, nil
}

func subject(in engine.Props) (name pkix.Name, dns []string, ips []net.IP, uris []*url.URL) {
	s, _ := in["subject"].(map[string]any)
	name.CommonName, _ = s["commonName"].(string)
	if o, ok := s["organization"].(string); ok {
		name.Organization = []string{o}
	}
	dns = list(in["dnsNames"])
	for _, v := range list(in["ipAddresses"]) {
		ips = append(ips, net.ParseIP(v))
	}
	for _, v := range list(in["uris"]) {
		if u, err := url.Parse(v); err == nil {
			uris = append(uris, u)
		}
	}
	return name, dns, ips, uris
}

func list(v any) []string {
	values, _ := v.([]any)
	texts := make([]string, 0, len(values))
	for _, e := range values {
		if s, ok := e.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

func parseKey(v any) (crypto.Signer, error) {
	text, _ := v.(string)
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, lawReadable.Refuse("", "no PEM block found in private key")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, lawReadable.Refuse("", "failed to parse private key: %v", err)
	}
	return signer, nil
}

func parse[T any](v any, kind string, parse func([]byte) (T, error)) (T, error) {
	var none T
	text, _ := v.(string)
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != kind {
		return none, lawReadable.Refuse("", "no PEM block of type %q found", kind)
	}
	parsed, err := parse(block.Bytes)
	if err != nil {
		return none, lawReadable.Refuse("", "failed to parse %s: %v", kind, err)
	}
	return parsed, nil
}

func algorithm(key crypto.Signer) string {
	if _, ok := key.(*rsa.PrivateKey); ok {
		return "RSA"
	}
	return "ECDSA"
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func id(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // as the provider computes ids
	return hex.EncodeToString(sum[:])
}
