//go:build linux

package harness

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"eks-lattice/internal/twin/iam"
)

// A change of anything that a signature covers makes the signature invalid.
func TestVerify(t *testing.T) {
	t.Parallel()
	i := &issuer{}
	good := i.issue(iam.Principal{ARN: "arn"}, time.Hour)
	ended := i.issue(iam.Principal{ARN: "arn"}, -time.Second)
	stranger := (&issuer{}).issue(iam.Principal{}, time.Hour)

	// signed is a signed request as a server receives it.
	signed := func(c Credentials, service, region, payload string, when time.Time) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/a%20b/c?q=1&p=%2F", nil)
		r.Host = "demo.example.com"
		r.Header.Set("X-Amz-Content-Sha256", payload)
		r.Header.Set("X-Test", "1")
		out := r.Clone(context.Background())
		out.URL.Scheme, out.URL.Host = "https", r.Host
		keys := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.Token}
		if err := v4.NewSigner().SignHTTP(context.Background(), keys, out, payload, service, region, when); err != nil {
			t.Fatal(err)
		}
		r.Header = out.Header
		return r
	}
	now := time.Now().UTC()
	valid := func() *http.Request { return signed(good, signingName, "eu-west-1", unsigned, now) }
	changed := func(change func(*http.Request)) *http.Request {
		r := valid()
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		request *http.Request
		want    error
	}{
		"valid":                {valid(), nil},
		"unsigned header":      {changed(func(r *http.Request) { r.Header.Set("User-Agent", "x") }), nil},
		"not signed":           {changed(func(r *http.Request) { r.Header.Del("Authorization") }), errUnsigned},
		"another scheme":       {changed(func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }), errSignature},
		"another method":       {changed(func(r *http.Request) { r.Method = http.MethodPost }), errSignature},
		"another path":         {changed(func(r *http.Request) { r.RequestURI = "/a%20b/d?q=1&p=%2F" }), errSignature},
		"another query":        {changed(func(r *http.Request) { r.RequestURI = "/a%20b/c?q=2&p=%2F" }), errSignature},
		"another host":         {changed(func(r *http.Request) { r.Host = "other.example.com" }), errSignature},
		"another header value": {changed(func(r *http.Request) { r.Header.Set("X-Test", "2") }), errSignature},
		"a header gone":        {changed(func(r *http.Request) { r.Header.Del("X-Test") }), errSignature},
		"another token":        {changed(func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }), errToken},
		"somebody else's key":  {signed(stranger, signingName, "eu-west-1", unsigned, now), errToken},
		"an ended session":     {signed(ended, signingName, "eu-west-1", unsigned, now), errExpired},
		"another service":      {signed(good, "execute-api", "eu-west-1", unsigned, now), errSignature},
		"another Region":       {signed(good, signingName, "eu-west-2", unsigned, now), errSignature},
		"a signed payload":     {signed(good, signingName, "eu-west-1", "0000", now), errSignature},
		"an old date":          {signed(good, signingName, "eu-west-1", unsigned, now.Add(-time.Hour)), errSignature},
	} {
		if _, _, err := verify(c.request, "eu-west-1", i.lookup); !errors.Is(err, c.want) {
			t.Errorf("%s: %v instead of %v", name, err, c.want)
		}
	}
}
