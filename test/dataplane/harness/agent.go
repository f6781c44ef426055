//go:build linux

package harness

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"eks-lattice/internal/twin/iam"
)

// Agent is the Pod Identity agent of a VPC's nodes: it exchanges a pod's service
// account token for credentials of a session that has the pod's tags.
type Agent struct {
	issuer *issuer

	mu       sync.Mutex
	pods     map[string]iam.Principal // by token
	lifetime time.Duration
	hold     chan struct{} // requests wait until it is closed
	held     int
	refuse   bool
	served   map[string]int // number of credentials issued, by session ARN
}

// SetLifetime changes the lifetime of the credentials that the agent issues from now on.
func (a *Agent) SetLifetime(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lifetime = d
}

// SetRefuse decides whether the agent answers that it has no credentials.
func (a *Agent) SetRefuse(refuse bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = refuse
}

// Hold blocks requests until the returned function is called.
func (a *Agent) Hold() (release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := make(chan struct{})
	a.hold = held
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.hold = nil
		close(held)
	})
}

// Held returns the number of requests that have been blocked.
func (a *Agent) Held() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.held
}

// Served returns how often the pod has got credentials.
func (a *Agent) Served(sessionARN string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.served[sessionARN]
}

func (a *Agent) register(token string, p iam.Principal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pods[token] = p
}

func (a *Agent) state() (hold chan struct{}, refuse bool, lifetime time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hold, a.refuse, a.lifetime
}

// ServeHTTP answers as the agent does
// (https://github.com/aws/eks-pod-identity-agent).
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hold, _, _ := a.state()
	if hold != nil {
		a.mu.Lock()
		a.held++
		a.mu.Unlock()
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	_, refuse, lifetime := a.state()
	a.mu.Lock()
	principal, known := a.pods[r.Header.Get("Authorization")]
	a.mu.Unlock()
	switch {
	case r.URL.Path != "/v1/credentials":
		http.NotFound(w, r)
	case !known:
		http.Error(w, "Service account token cannot be verified", http.StatusUnauthorized)
	case refuse:
		http.Error(w, "(ResourceNotFoundException): No Pod Identity association", http.StatusNotFound)
	default:
		c := a.issuer.issue(principal, lifetime)
		a.mu.Lock()
		a.served[principal.ARN]++
		a.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.Token,
			"Expiration": c.Expires.UTC().Format(time.RFC3339), "AccountId": principal.Account,
		})
	}
}

// metadata is the instance metadata service, which would issue credentials of the
// node's role. It records its requests.
type metadata struct {
	issuer *issuer
	node   iam.Principal

	mu       sync.Mutex
	requests []string
}

func (m *metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.requests = append(m.requests, r.Method+" "+r.URL.Path)
	m.mu.Unlock()
	const base = "/latest/meta-data/iam/security-credentials"
	switch r.URL.Path {
	case "/latest/api/token":
		_, _ = w.Write([]byte("token-of-the-node"))
	case base, base + "/":
		_, _ = w.Write([]byte("node"))
	case base + "/node":
		c := m.issuer.issue(m.node, time.Hour)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey,
			"Token": c.Token, "Expiration": c.Expires.UTC().Format(time.RFC3339),
		})
	default:
		http.NotFound(w, r)
	}
}

func (m *metadata) seen() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.requests...)
}
