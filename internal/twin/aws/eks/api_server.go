package eks

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

	"eks-lattice/internal/twin/aws/cloud"
)

// apiServers serve the clusters' API endpoints as far as clients of EKS itself
// need them: the EKS component polls /healthz before it returns a kubeconfig.
type apiServers struct {
	base   string // "https://127.0.0.1:port", empty before Serve
	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey
	caText string
}

var apis = cloud.NewState(func() *apiServers { return &apiServers{} })

// url is a cluster's endpoint: AWS's form until the endpoints are served.
func (e *apiServers) url(c *Cluster) string {
	if e.base == "" {
		return fmt.Sprintf("https://%s.gr7.%s.eks.amazonaws.com", c.UID, c.Region)
	}
	return e.base + "/" + strings.ToLower(c.UID)
}

// caPEM returns the certificate of the authority behind the endpoints.
func (e *apiServers) caPEM() string {
	if e.ca == nil {
		if err := e.createCA(); err != nil {
			panic(fmt.Sprintf("creating the authority of the API endpoints: %v", err)) // only without randomness
		}
	}
	return e.caText
}

func (e *apiServers) createCA() error {
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

// Serve serves https://127.0.0.1:port/<cluster id>/healthz until ctx ends; it
// answers 200 while the cluster is ACTIVE. Call it before any cluster is created,
// and outside World.Do.
func (e EKS) Serve(ctx context.Context) error {
	servers := apis.In(e.Account)
	var cert tls.Certificate
	var err error
	e.Account.World.Look(func() { servers.caPEM(); cert, err = servers.serverCertificate() })
	if err != nil {
		return fmt.Errorf("creating the certificate of the API endpoints: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the API endpoints: %w", err)
	}
	e.Account.World.Look(func() { servers.base = "https://" + listener.Addr().String() })
	srv := &http.Server{Handler: http.HandlerFunc(e.serveHealth), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	go func() {
		_ = srv.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}))
	}()
	return nil
}

func (e *apiServers) serverCertificate() (tls.Certificate, error) {
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

func (e EKS) serveHealth(w http.ResponseWriter, req *http.Request) {
	active := false
	id, rest, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	e.Account.World.Look(func() {
		for _, c := range e.Clusters() {
			active = active || strings.EqualFold(c.UID, id) && c.Status == "ACTIVE"
		}
	})
	if !active || rest != "healthz" && rest != "livez" && rest != "readyz" {
		http.NotFound(w, req)
		return
	}
	_, _ = w.Write([]byte("ok"))
}
