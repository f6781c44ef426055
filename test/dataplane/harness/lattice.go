//go:build linux

package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"time"

	"eks-lattice/internal/twin/lattice"
)

// Seen is a request as VPC Lattice received it.
type Seen struct {
	VPC, Service, Method, URI, Host, SNI, Proto string
	Port                                        int
	Signature                                   error // nil if it is valid
	SignedHeaders                               []string
	AccessKeyID                                 string
	Decision                                    lattice.Decision
}

// Lattice is VPC Lattice in all VPCs: TLS with the services' certificate, routing
// by name, signatures, auth policies, and connections to the services' pods.
type Lattice struct {
	world  *World
	issuer *issuer
	silent *log.Logger
	// dial connects to a pod in the VPC of a service's cluster, for a path.
	dial func(ctx context.Context, s Service, path string) (net.Conn, error)

	mu   sync.Mutex
	cert *tls.Certificate
	seen []Seen
	idle map[net.Conn]bool // connections without a request
}

// SetCertificate replaces the certificate, from the next connection on.
func (l *Lattice) SetCertificate(c tls.Certificate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cert = &c
}

// CloseIdle closes the connections without a request, as VPC Lattice does after a
// minute, and returns their number.
func (l *Lattice) CloseIdle() int {
	l.mu.Lock()
	idle := slices.Collect(maps.Keys(l.idle))
	l.mu.Unlock()
	for _, c := range idle {
		_ = c.Close()
	}
	return len(idle)
}

// Seen returns the requests whose URI contains part, oldest first.
func (l *Lattice) Seen(part string) []Seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []Seen
	for _, s := range l.seen {
		if strings.Contains(s.URI, part) {
			found = append(found, s)
		}
	}
	return found
}

func (l *Lattice) remember(s Seen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, s)
}

func (l *Lattice) service(match func(Service) bool) (Service, bool) {
	for _, s := range l.world.Services {
		if match(s) {
			return s, true
		}
	}
	return Service{}, false
}

func (s Service) named(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return strings.EqualFold(name, s.Host) || strings.EqualFold(name, s.AssignedName)
}

// serve serves a service in a VPC, on the ports of its listeners.
func (l *Lattice) serve(v *VPC, s Service) ([]io.Closer, error) {
	tlsConfig := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.cert, nil
		},
	}
	server := func(port int) *http.Server {
		return &http.Server{
			Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.handle(w, r, v, port) }),
			ErrorLog:          l.silent,
			ReadHeaderTimeout: time.Minute,
			TLSConfig:         tlsConfig.Clone(),
			ConnState: func(c net.Conn, s http.ConnState) {
				l.mu.Lock()
				defer l.mu.Unlock()
				if s == http.StateIdle {
					l.idle[c] = true
				} else {
					delete(l.idle, c)
				}
			},
		}
	}
	var closers []io.Closer
	for _, port := range s.Ports {
		listener, err := v.ns.Listen(fmt.Sprintf("%s:%d", s.Address, port))
		if err != nil {
			return closers, err
		}
		s := server(port)
		closers = append(closers, s)
		go func() {
			if port == 443 {
				_ = s.ServeTLS(listener, "", "") // ends with Close
			} else {
				_ = s.Serve(listener)
			}
		}()
	}
	return closers, nil
}

func (l *Lattice) handle(w http.ResponseWriter, r *http.Request, v *VPC, port int) {
	seen := Seen{VPC: v.ID, Method: r.Method, URI: r.RequestURI, Host: r.Host, Proto: r.Proto, Port: port}
	if r.TLS != nil {
		seen.SNI = r.TLS.ServerName
	}
	s, ok := l.service(func(s Service) bool { return s.named(r.Host) && (r.TLS == nil || s.named(seen.SNI)) })
	if !ok {
		seen.Decision = lattice.Decision{Status: http.StatusNotFound, DecidedBy: "no service of this name"}
		l.remember(seen)
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	seen.Service = s.Name
	c, signed, err := verify(r, l.world.Region, l.issuer.lookup)
	seen.Signature, seen.SignedHeaders, seen.AccessKeyID = err, signed, c.AccessKeyID
	if err != nil && !errors.Is(err, errUnsigned) {
		seen.Decision = lattice.Decision{Status: http.StatusForbidden, Message: "AccessDeniedException: " + err.Error(), DecidedBy: "signature"}
	} else {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		seen.Decision = lattice.Authorize(lattice.Request{
			Principal: c.Principal, Signed: err == nil,
			ServiceARN: s.ARN, ServiceNetworkARN: l.world.Network.ARN,
			SourceVPC: v.ID, SourceVPCOwner: l.world.Account,
			Method: r.Method, Path: path, Host: r.Host, Port: port,
		}, l.world.Network.Auth, l.world.Network.Policy, s.Auth, s.Policy)
	}
	l.remember(seen)
	if !seen.Decision.Allowed {
		w.WriteHeader(seen.Decision.Status)
		fmt.Fprint(w, seen.Decision.Message)
		return
	}
	l.forward(w, r, s)
}

func (l *Lattice) forward(w http.ResponseWriter, r *http.Request, s Service) {
	// A target group of protocol version GRPC sends HTTP/2.
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-groups.html#target-group-protocol-version
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(strings.HasPrefix(r.URL.Path, grpcMethods))
	protocols.SetHTTP1(!protocols.UnencryptedHTTP2())
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", "target", p.In.Host
			p.Out.URL.RawQuery = p.In.URL.RawQuery // unchanged, even if it cannot be parsed
		},
		Transport: &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx, s, r.URL.Path) },
			Protocols:          protocols,
			DisableKeepAlives:  true,
			DisableCompression: true,
		},
		ErrorLog: l.silent,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway) // VPC Lattice's answer when a target hangs up
		},
	}
	// A server answers before it has read all of a streamed request.
	_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 always does
	proxy.ServeHTTP(w, r)
}
