package aws

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"time"
)

// endpoints serves the clusters' API endpoints as far as clients of EKS itself
// need them: the EKS component polls /healthz before it hands out a kubeconfig.
type endpoints struct {
	base   string // "https://127.0.0.1:port", empty before ServeEndpoints
	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey
	caText string
}

// url is a cluster's endpoint: AWS's form until the endpoints are served.
func (e *endpoints) url(c *EKSCluster, region string) string {
	if e.base == "" {
		return fmt.Sprintf("https://%s.gr7.%s.eks.amazonaws.com", c.ID, region)
	}
	return e.base + "/" + strings.ToLower(c.ID)
}

// caPEM returns the certificate of the authority behind the endpoints.
func (e *endpoints) caPEM() string {
	if e.ca == nil {
		if err := e.makeCA(); err != nil {
			panic(fmt.Sprintf("making the authority of the API endpoints: %v", err)) // only without randomness
		}
	}
	return e.caText
}

func (e *endpoints) makeCA() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("generating a key: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if e.ca, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("reading back: %w", err)
	}
	e.caKey = key
	e.caText = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return nil
}

// ServeEndpoints serves https://127.0.0.1:port/<cluster id>/healthz until ctx
// ends; it answers 200 while the cluster is ACTIVE. Call it before any cluster
// is made, and outside World.Do.
func (a *Account) ServeEndpoints(ctx context.Context) error {
	var cert tls.Certificate
	var err error
	a.World.Look(func() { a.endpoints.caPEM(); cert, err = a.endpoints.serverCertificate() })
	if err != nil {
		return fmt.Errorf("making the certificate of the API endpoints: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the API endpoints: %w", err)
	}
	a.World.Look(func() { a.endpoints.base = "https://" + listener.Addr().String() })
	srv := &http.Server{Handler: http.HandlerFunc(a.serveHealth), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	go func() {
		_ = srv.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}))
	}()
	return nil
}

func (e *endpoints) serverCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("generating a key: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "kube-apiserver"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, e.ca, key.Public(), e.caKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("signing: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func (a *Account) serveHealth(w http.ResponseWriter, req *http.Request) {
	active := false
	id, rest, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	a.World.Look(func() {
		for _, c := range a.Clusters() {
			active = active || strings.EqualFold(c.ID, id) && c.Status == "ACTIVE"
		}
	})
	if !active || rest != "healthz" && rest != "livez" && rest != "readyz" {
		http.NotFound(w, req)
		return
	}
	_, _ = w.Write([]byte("ok"))
}
