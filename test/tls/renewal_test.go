package tls

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const day = 24 * time.Hour

// The names of the program's resources.
const (
	caKey   = "environment-ca-key"
	ca      = "environment-ca"
	key     = "environment-key"
	request = "environment-request"
	leaf    = "environment-leaf"
)

// An up in a certificate's last earlyRenewalHours replaces the certificate, and
// never a key: each day's verdicts are what an up does that nobody helps with a
// refresh.
//
//nolint:paralleltest // The provider has one clock in each process.
func TestRenewal(t *testing.T) {
	const renewed, reissued = "replaced for ready_for_renewal", "replaced for ca_cert_pem"
	for years, ups := range map[int][]struct {
		day  int
		want map[string]string // of what changes
	}{
		10: {
			{0, map[string]string{}},
			{364, map[string]string{}},
			{365, map[string]string{leaf: renewed}},
			{365, map[string]string{}},
			{729, map[string]string{}},
			{730, map[string]string{leaf: renewed}},
			{3254, map[string]string{leaf: renewed}}, // late, and expired since
			{3255, map[string]string{ca: renewed, leaf: reissued}},
			{3255, map[string]string{}},
		},
		2: {
			{334, map[string]string{}},
			{335, map[string]string{ca: renewed, leaf: reissued}},
			{335, map[string]string{}},
			{669, map[string]string{}},
			{670, map[string]string{ca: renewed, leaf: reissued}},
		},
	} {
		t.Run(fmt.Sprintf("CA of %d years", years), func(t *testing.T) {
			s := newStack(t, years)
			s.up(t)
			for _, up := range ups {
				s.provider.now = s.born.Add(time.Duration(up.day) * day)
				before := maps.Clone(s.state)
				if got := s.up(t); !maps.Equal(got, up.want) {
					t.Errorf("day %d: got %v, want %v", up.day, got, up.want)
				}
				s.verify(t, before[ca]) // callers trust the CA that they know
				s.verify(t, s.state[ca])
			}
		})
	}
}

// A refresh only tells that the time has come; the plan after it is the same.
//
//nolint:paralleltest // The provider has one clock in each process.
func TestRefresh(t *testing.T) {
	s := newStack(t, 10)
	s.up(t)
	for _, at := range []struct {
		day   int
		ready string
		want  map[string]string
	}{
		{364, "false", map[string]string{}},
		{365, "true", map[string]string{leaf: "replaced for ready_for_renewal"}},
		{365, "false", map[string]string{}},
	} {
		s.provider.now = s.born.Add(time.Duration(at.day) * day)
		for name, state := range s.state {
			read, err := s.provider.refresh(t.Context(), typeName(s.resource(name).Type), state)
			if err != nil {
				t.Fatal(err)
			}
			s.state[name] = read
		}
		if got := s.state[leaf].boolean("ready_for_renewal"); got != at.ready {
			t.Errorf("day %d: a refresh says ready for renewal %s, want %s", at.day, got, at.ready)
		}
		if got := s.up(t); !maps.Equal(got, at.want) {
			t.Errorf("day %d: got %v, want %v", at.day, got, at.want)
		}
	}
}

// The hours can change without another certificate; a validity that is not longer
// than they are renews with every up, so the program's CA lives longer.
//
//nolint:paralleltest // The provider has one clock in each process.
func TestOtherHours(t *testing.T) {
	s := newStack(t, 10)
	s.up(t)
	old := s.state[leaf].text("cert_pem")
	s.resource(leaf).Inputs["earlyRenewalHours"] = resource.NewProperty(1440.0)
	if got, want := s.up(t), map[string]string{leaf: "updated: early_renewal_hours"}; !maps.Equal(got, want) {
		t.Errorf("other hours: got %v, want %v", got, want)
	}
	if s.state[leaf].text("cert_pem") != old {
		t.Error("other hours made another certificate")
	}
	s.resource(ca).Inputs["validityPeriodHours"] = s.resource(ca).Inputs["earlyRenewalHours"]
	for _, want := range []string{"replaced for validity_period_hours", "replaced for ready_for_renewal"} {
		if got := s.up(t)[ca]; got != want {
			t.Errorf("a validity as long as the early renewal: got %q, want %q", got, want)
		}
	}
}

// verify fails unless a client that trusts a CA accepts the certificate now.
func (s *stack) verify(t *testing.T, trusted attributes) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(certificate(t, trusted))
	_, err := certificate(t, s.state[leaf]).Verify(x509.VerifyOptions{
		Roots: roots, DNSName: "demo.example.com", CurrentTime: s.provider.now.Add(time.Second),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		t.Errorf("day %.0f: %v", s.provider.now.Sub(s.born).Hours()/24, err)
	}
}

func certificate(t *testing.T, state attributes) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode([]byte(state.text("cert_pem")))
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		t.Fatalf("not one PEM block: %s", state.text("cert_pem"))
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
