//go:build linux

package dataplane

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eks-lattice/test/dataplane/harness"
)

// pair returns a caller and a service that allows it.
func (b *testbed) pair() (*harness.RunningPod, harness.Service) {
	service := b.demos[1]
	return b.target(b.demos[0]), service
}

// target returns the pod of a service.
func (b *testbed) target(s harness.Service) *harness.RunningPod {
	for _, p := range b.pods {
		if p.Key() == s.Target {
			return p
		}
	}
	return nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func echo(t *testing.T, body string) (e harness.Echo) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(body), &e), body)
	return e
}

func TestMethodsAndBodies(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	mebibyte := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for i, c := range []struct {
		name, method string
		body         []byte
		args         []string
		declared     int64
	}{
		{"GET", "GET", nil, nil, 0},
		{"DELETE", "DELETE", nil, nil, 0},
		{"OPTIONS", "OPTIONS", nil, nil, 0},
		{"PATCH", "PATCH", []byte("{}"), []string{"--data-binary", "@-"}, 2},
		{"POST empty", "POST", []byte{}, []string{"--data-binary", "@-"}, 0},
		{"POST 1 B", "POST", []byte("x"), []string{"--data-binary", "@-"}, 1},
		{"POST 1 MiB", "POST", mebibyte, []string{"--data-binary", "@-"}, 1 << 20},
		{"POST chunked", "POST", mebibyte, []string{"--data-binary", "@-", "-H", "Transfer-Encoding: chunked"}, -1},
		{"PUT 1 B", "PUT", []byte("x"), []string{"--data-binary", "@-"}, 1},
		{"PUT from a pipe", "PUT", mebibyte, []string{"-T", "-"}, -1},
		{"PUT that waits for 100 Continue", "PUT", mebibyte, []string{"--data-binary", "@-", "-H", "Expect: 100-continue"}, 1 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := fmt.Sprintf("/echo/%d", i)
			argv := append([]string{"curl", "-sS", "-X", c.method}, c.args...)
			r, err := caller.Exec(b.ctx, nil, bytes.NewReader(c.body), append(argv, "http://"+s.Host+path)...)
			require.NoError(t, err)
			require.Zero(t, r.Code, r.Stderr)
			e := echo(t, r.Stdout)
			assert.Equal(t, c.method, e.Method)
			assert.Equal(t, int64(len(c.body)), e.Length)
			assert.Equal(t, sum(c.body), e.SHA256)
			assert.Equal(t, c.declared, e.Declared)
			assert.NoError(t, b.seen(t, path).Signature)
		})
	}
	t.Run("HEAD", func(t *testing.T) {
		head, status := b.curl(t, caller, "-I", "http://"+s.Host+"/echo/head")
		assert.Equal(t, "200", status)
		assert.Contains(t, strings.ToLower(head), "server: demo", "the service's own header")
		assert.NotContains(t, strings.ToLower(head), "envoy")
		assert.NoError(t, b.seen(t, "/echo/head").Signature)
	})
}

// What the proxy signs equals what arrives, whatever characters a path or a query
// has.
func TestPathsAndQueries(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	for i, c := range []struct{ name, uri, arrives string }{
		{"query in disorder", "/echo/?b=2&a=1&a=0&c", ""},
		{"reserved characters in a query", "/echo/?q=a%2Fb%3D%26c&s=%20x%2B&t=~-_.", ""},
		{"unescaped reserved characters in a query", "/echo/?q=a/b:c@d,e!f*g(h)'i'$j", ""},
		{"plus in a query", "/echo/?q=a+b", ""},
		{"UTF-8 in a query", "/echo/?q=%EA%B0%80%F0%9F%98%80", ""},
		{"empty values", "/echo/?a=&b&=c", ""},
		{"a query that is a URL", "/echo/?u=http://example.org/x?y=z", ""},
		{"space in a path", "/echo/a%20b", ""},
		{"UTF-8 in a path", "/echo/%EA%B0%80", ""},
		{"reserved characters in a path", "/echo/a:b@c,d!e*f(g)'h';i=j", ""},
		{"escaped slash in a path", "/echo/a%2Fb", ""},
		{"escaped percent in a path", "/echo/a%2525b", ""},
		{"trailing slash", "/echo/a/", ""},
		{"dot segments", "/x/../echo/./a/b/../c", "/echo/a/c"},
		{"escaped dots", "/echo/a/%2e%2e/c", "/echo/c"},
		{"plus in a path", "/echo/a+b", ""},
		{"double slash", "/echo//a///b", "/echo/a/b"},
		{"lower-case escapes", "/echo/%ea%b0%80?q=%c3%bc", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			mark := fmt.Sprintf("mark=%d-", i)
			uri, want := c.uri, c.arrives
			if want == "" {
				want = c.uri
			}
			if strings.Contains(c.uri, "?") {
				uri += "&" + mark
				want += "&" + mark
			} else {
				uri += "?" + mark
				want += "?" + mark
			}
			body, status := b.curl(t, caller, "--path-as-is", "-g", "http://"+s.Host+uri)
			seen := b.seen(t, mark)
			require.NoError(t, seen.Signature, "%s arrived as %s", uri, seen.URI)
			require.Equal(t, "200", status, body)
			assert.Equal(t, want, echo(t, body).URI)
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	args := []string{
		"-A", "demo/1.0", "-H", "X-Test-Spaces:   a   b  ", "-H", "X-Test-Empty;", "-H", "X-Test-Twice: 1", "-H", "X-Test-Twice: 2",
		"-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Amzn-Trace-Id: Root=1", "-H", "X-Test-Under_score: 1",
		"-H", "X-Test-Long: " + strings.Repeat("l", 8000), "-H", "Cookie: a=1; b=2",
	}
	for i := range 80 {
		args = append(args, "-H", fmt.Sprintf("X-Test-%02d: %d", i, i))
	}
	body, status := b.curl(t, caller, append(args, "http://"+s.Host+"/echo/headers")...)
	seen := b.seen(t, "/echo/headers")
	require.NoError(t, seen.Signature)
	require.Equal(t, "200", status)
	e := echo(t, body)
	assert.Equal(t, []string{"demo/1.0"}, e.Header["User-Agent"], "the proxy is transparent")
	assert.Equal(t, []string{"1", "2"}, e.Header["X-Test-Twice"])
	assert.Equal(t, []string{"1"}, e.Header["X-Test-Under_score"])
	for _, h := range []string{"host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-test-00", "x-test-79"} {
		assert.Contains(t, seen.SignedHeaders, h)
	}
	for _, h := range []string{
		"user-agent", "x-forwarded-for", "x-forwarded-proto", "x-amzn-trace-id", "content-length", "x-envoy-expected-rq-timeout-ms",
	} {
		assert.NotContains(t, seen.SignedHeaders, h, "hops may change it")
	}

	t.Run("the signature replaces an Authorization header", func(t *testing.T) {
		_, status := b.curl(t, caller, "-H", "Authorization: Bearer x", "http://"+s.Host+"/echo/bearer")
		assert.Equal(t, "200", status)
		assert.NoError(t, b.seen(t, "/echo/bearer").Signature)
	})
	t.Run("a host with its default port, as gRPC clients send it", func(t *testing.T) {
		body, status := b.curl(t, caller, "-H", "Host: "+s.Host+":80", "http://"+s.Host+"/echo/port")
		assert.Equal(t, "200", status)
		assert.Equal(t, s.Host, echo(t, body).Host)
		assert.NoError(t, b.seen(t, "/echo/port").Signature)
	})
	t.Run("the signature replaces forged identity headers", func(t *testing.T) {
		_, status := b.curl(t, caller, "-H", "X-Amz-Security-Token: forged", "-H", "X-Amz-Date: 20200101T000000Z",
			"-H", "X-Amz-Content-Sha256: forged", "http://"+s.Host+"/echo/forged")
		assert.Equal(t, "200", status)
		assert.NoError(t, b.seen(t, "/echo/forged").Signature)
	})
}

// Requests for two services share one connection of the application, but the
// proxy sends each over TLS with its own name.
func TestTwoNamesOnOneConnection(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	own := b.demos[0]
	config := fmt.Sprintf(`url = "http://%s/echo/n1"
output = /dev/null
next
url = "http://%s/echo/n2"
header = "Host: %s"
output = /dev/null
write-out = "%%{num_connects}"
`, s.Host, s.Host, own.Host)
	r, err := caller.Exec(b.ctx, nil, strings.NewReader(config), "curl", "-sS", "-K", "-")
	require.NoError(t, err)
	require.Zero(t, r.Code, r.Stderr)
	assert.Equal(t, "0", r.Stdout, "the second request reuses the application's connection")
	first, second := b.seen(t, "/echo/n1"), b.seen(t, "/echo/n2")
	assert.Equal(t, []string{s.Host, own.Host}, []string{first.SNI, second.SNI}, "each name has its own TLS connection")
	assert.NoError(t, second.Signature)
}

func TestHundredAtOnce(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	r, err := caller.Exec(b.ctx, nil, nil, "curl", "-sS", "-Z", "--parallel-immediate", "--parallel-max", "100",
		"-o", "/dev/null", "-w", "%{http_code}\n", "http://"+s.Host+"/echo/c[1-100]x")
	require.NoError(t, err)
	require.Zero(t, r.Code, r.Stderr)
	assert.Equal(t, strings.Repeat("200\n", 100), r.Stdout)
	seen := b.Lattice.Seen("/echo/c")
	require.Len(t, seen, 100)
	for _, s := range seen {
		require.NoError(t, s.Signature)
	}
}

func TestServerThatResets(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	_, status := b.curl(t, caller, "http://"+s.Host+"/reset/1")
	assert.Equal(t, strconv.Itoa(http.StatusBadGateway), status, "VPC Lattice's own answer comes through")
	assert.Len(t, b.Lattice.Seen("/reset/1"), 1, "the proxy does not repeat a request that the service got")
	_, status = b.curl(t, caller, "http://"+s.Host+"/echo/after-reset")
	assert.Equal(t, "200", status)
}

// VPC Lattice closes idle connections. The proxy sends the next request over a new
// one.
func TestIdleConnectionClosedByTheOtherEnd(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	_, status := b.curl(t, caller, "http://"+s.Host+"/echo/idle1")
	require.Equal(t, "200", status)
	b.hangUp(t)
	_, status = b.curl(t, caller, "http://"+s.Host+"/echo/idle2")
	assert.Equal(t, "200", status)
	assert.NoError(t, b.seen(t, "/echo/idle2").Signature)
}

// hangUp closes the idle connections between proxies and VPC Lattice.
func (b *testbed) hangUp(t *testing.T) {
	t.Helper()
	require.NoError(t, harness.Eventually(b.ctx, func() error {
		if b.Lattice.CloseIdle() == 0 {
			return errors.New("no connection is idle yet")
		}
		return nil
	}))
}

func TestHTTP2FromTheApplication(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	body, status := b.curl(t, caller, "--http2-prior-knowledge", "-d", "x", "http://"+s.Host+"/echo/h2")
	assert.Equal(t, "200", status)
	assert.Equal(t, int64(1), echo(t, body).Length)
	seen := b.seen(t, "/echo/h2")
	assert.NoError(t, seen.Signature)
	assert.Equal(t, "HTTP/2.0", seen.Proto, "gRPC needs HTTP/2 all the way")
	assert.True(t, slices.Contains(seen.SignedHeaders, "host"))
}
