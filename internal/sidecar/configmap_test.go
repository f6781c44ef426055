package sidecar

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

func caPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestConfigMapData(t *testing.T) {
	t.Parallel()
	ca := caPEM(t)
	data, err := ConfigMapData(args, ca+ca)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "keys", len(data), 4)
	want(t, "CA", data[CAKey], ca+ca)
	for _, key := range []string{BootstrapKey, RulesKey, CASecretKey} {
		if data[key] == "" {
			t.Errorf("%s is empty", key)
		}
	}
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))
	for name, c := range map[string]struct{ pem, want string }{
		"nothing": {"", "the CA bundle does not contain a PEM certificate"},
		"a private key": {
			ca + "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n",
			`the CA bundle contains a "RSA PRIVATE KEY"; only certificates belong there`,
		},
		"not a certificate": {ca + broken, "reading certificate 2 of the CA bundle"},
	} {
		if _, err := ConfigMapData(args, c.pem); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	ca := caPEM(t)
	const role = "arn:aws:iam::123456789012:role/client"
	checksum := func(a Args, ca, role string) string {
		t.Helper()
		sum, err := Checksum(a, ca, role)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	base := checksum(args, ca, role)
	want(t, "the same again", checksum(args, ca, role), base)
	differ(t, map[string]string{
		"base":           base,
		"another Region": checksum(Args{Region: "eu-west-1"}, ca, role),
		"another role":   checksum(args, ca, role+"-2"),
		"another CA":     checksum(args, caPEM(t), role),
	})
	if sum, err := Checksum(args, "no CA", role); err == nil {
		t.Errorf("an invalid bundle has the checksum %s", sum)
	}
}

// differ wants every value once.
func differ(t *testing.T, values map[string]string) {
	t.Helper()
	seen := map[string]string{}
	for name, value := range values {
		if other := seen[value]; other != "" {
			t.Errorf("%s and %s are both %s", name, other, value)
		}
		seen[value] = name
	}
}
