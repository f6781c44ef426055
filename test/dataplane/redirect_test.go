//go:build linux

package dataplane

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eks-lattice/internal/sidecar"
	"eks-lattice/test/dataplane/harness"
)

// The rules redirect every user except the proxy's.
func TestUsersOfThePod(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	for name, c := range map[string]struct {
		as     harness.As
		status string
		port   int
	}{
		"an ordinary user":           {harness.As{UID: 1000, GID: 1000}, "200", 443},
		"root":                       {harness.As{UID: 0, GID: 0}, "200", 443},
		"root in the proxy's group":  {harness.As{UID: 0, GID: sidecar.GID}, "200", 443},
		"a user in the root group":   {harness.As{UID: 1000, GID: 0}, "200", 443},
		"a user in the proxy's":      {harness.As{UID: 1000, GID: sidecar.GID}, "200", 443},
		"the proxy's user (escapes)": {harness.As{UID: sidecar.UID, GID: 1000}, "403", 80},
	} {
		t.Run(name, func(t *testing.T) {
			path := fmt.Sprintf("/echo/%d-%d", c.as.UID, c.as.GID)
			body, status := b.curlAs(t, caller, &c.as, "http://"+s.Host+path)
			assert.Equal(t, c.status, status)
			seen := b.seen(t, path)
			assert.Equal(t, c.port, seen.Port)
			if c.status == "403" {
				assert.Contains(t, body, "User: anonymous is not authorized")
			} else {
				assert.NoError(t, seen.Signature)
			}
		})
	}
}

// The application's own https bypasses the proxy, which cannot sign what TLS
// encrypts. VPC Lattice accepts it if the application signs.
func TestHTTPSByTheApplication(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	body, status := b.curl(t, caller, "--cacert", "/etc/app/ca.pem", "https://"+s.Host+"/echo/https")
	assert.Equal(t, "403", status)
	assert.Contains(t, body, "User: anonymous is not authorized")
	seen := b.seen(t, "/echo/https")
	assert.Equal(t, 443, seen.Port)
	assert.ErrorContains(t, seen.Signature, "not signed")

	t.Run("signed by the application", func(t *testing.T) {
		// curl signs with the credentials for the pod's own token.
		script := `set -eu
c=$(curl -sS -H "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI)
field() { echo "$c" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
curl -sS -o /dev/null -w '%{http_code}' --cacert /etc/app/ca.pem --aws-sigv4 "aws:amz:$AWS_REGION:vpc-lattice-svcs" \
  -u "$(field AccessKeyId):$(field SecretAccessKey)" -H "x-amz-security-token: $(field Token)" \
  -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" "https://$1/echo/own-signature"`
		r, err := caller.Exec(b.ctx, nil, nil, "sh", "-c", script, "sh", s.Host)
		require.NoError(t, err)
		assert.Equal(t, "200", r.Stdout, r.Stderr)
		assert.NoError(t, b.seen(t, "/echo/own-signature").Signature)
	})
}

// The proxy does not intercept traffic to other destinations than VPC Lattice.
func TestOtherTrafficIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, _ := b.pair()
	neighbour := b.like(t, caller, "neighbour", plain)
	served := make(chan string, 1)
	l, err := neighbour.Listen("0.0.0.0:80")
	require.NoError(t, err)
	server := &http.Server{ReadHeaderTimeout: limit, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		served <- r.Header.Get("Authorization")
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	_, status := b.curl(t, caller, "http://"+neighbour.Address+"/")
	assert.Equal(t, "200", status)
	assert.Empty(t, <-served, "the proxy signs nothing for another pod")
}

// Running the init container twice changes nothing.
func TestRedirectTwice(t *testing.T) {
	t.Parallel()
	b := up(t)
	caller, s := b.pair()
	require.NoError(t, caller.RunInit(b.ctx, sidecar.InitContainerName))
	_, status := b.curl(t, caller, "http://"+s.Host+"/echo/twice")
	assert.Equal(t, "200", status)
	_, status = b.curlAs(t, caller, &harness.As{UID: sidecar.UID, GID: sidecar.GID}, "http://"+s.Host+"/echo/again")
	assert.Equal(t, "403", status, "the proxy's own user is still not redirected")
}
