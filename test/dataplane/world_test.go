//go:build linux

package dataplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"eks-lattice/test/dataplane/harness"
)

// worldFile is the path of the rehearsed world.
var worldFile string

// rehearse sets worldFile to $WORLD, or runs a rehearsal that writes it to a
// folder.
func rehearse(dir string) error {
	if worldFile = os.Getenv("WORLD"); worldFile != "" {
		return nil
	}
	worldFile = filepath.Join(dir, "world.json")
	cmd := exec.Command(latticectl, "rehearse", "--stacks", "test/dataplane/stacks", "--world", worldFile)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("rehearsing the world: %w\n%s", err, out)
	}
	return nil
}

const latticectl = ".cache/bin/latticectl"

// loadWorld returns a new copy of the rehearsed world.
func loadWorld(t *testing.T) *harness.World {
	t.Helper()
	w, err := harness.Load(worldFile)
	require.NoError(t, err)
	return w
}

// wildcard returns the wildcard name in the services' certificate.
func wildcard(s harness.Service) string {
	_, domain, _ := strings.Cut(s.Host, ".")
	return "*." + domain
}

type authority struct {
	pem  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCA(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{pem: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), cert: cert, key: key}
}

// leaf issues an RSA-2048 certificate, the only kind that VPC Lattice accepts.
func (a authority) leaf(t *testing.T, names ...string) (certPEM, keyPEM string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

func keyPair(t *testing.T, a authority, names ...string) tls.Certificate {
	t.Helper()
	certPEM, keyPEM := a.leaf(t, names...)
	pair, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM))
	require.NoError(t, err)
	return pair
}
