//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	signingName = "vpc-lattice-svcs"
	unsigned    = "UNSIGNED-PAYLOAD"
	dateFormat  = "20060102T150405Z"
)

var authorization = regexp.MustCompile(
	`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$`)

// Errors of a request whose signature is missing or invalid.
var (
	errUnsigned  = errors.New("the request is not signed")
	errSignature = errors.New("the request signature we calculated does not match the signature you provided")
	errExpired   = errors.New("the security token included in the request is expired")
	errToken     = errors.New("the security token included in the request is invalid")
)

// verify checks the signature of a request: it signs the received request again
// with AWS's own library, and compares.
func verify(r *http.Request, region string, lookup func(id string) (Credentials, bool)) (Credentials, []string, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return Credentials{}, nil, errUnsigned
	}
	m := authorization.FindStringSubmatch(header)
	if m == nil {
		return Credentials{}, nil, fmt.Errorf("%w: Authorization is %q", errSignature, strings.SplitN(header, " ", 2)[0])
	}
	signed := strings.Split(m[5], ";")
	c, ok := lookup(m[1])
	switch {
	case !ok || r.Header.Get("X-Amz-Security-Token") != c.Token:
		return Credentials{}, signed, errToken
	case time.Now().After(c.Expires):
		return Credentials{}, signed, errExpired
	case m[3] != region || m[4] != signingName:
		return Credentials{}, signed, fmt.Errorf("%w: credential scope is %s/%s", errSignature, m[3], m[4])
	case r.Header.Get("X-Amz-Content-Sha256") != unsigned:
		// https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html
		return Credentials{}, signed, fmt.Errorf("%w: payload signing is not supported", errSignature)
	}
	when, err := time.Parse(dateFormat, r.Header.Get("X-Amz-Date"))
	if err != nil || when.Format("20060102") != m[2] || time.Since(when).Abs() > 5*time.Minute {
		return Credentials{}, signed, fmt.Errorf("%w: X-Amz-Date is %q", errSignature, r.Header.Get("X-Amz-Date"))
	}
	again, err := resigned(r, signed)
	if err != nil {
		return Credentials{}, signed, fmt.Errorf("%w: %w", errSignature, err)
	}
	keys := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.Token}
	if err := v4.NewSigner().SignHTTP(context.Background(), keys, again, unsigned, signingName, region, when); err != nil {
		return Credentials{}, signed, err
	}
	want := authorization.FindStringSubmatch(again.Header.Get("Authorization"))
	if want == nil || want[5] != m[5] || want[6] != m[6] {
		return Credentials{}, signed, errSignature
	}
	return c, signed, nil
}

// resigned is the request with only what its signature covers.
func resigned(r *http.Request, signed []string) (*http.Request, error) {
	target, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		return nil, err
	}
	target.Scheme, target.Host = "https", r.Host
	again := &http.Request{Method: r.Method, URL: target, Host: r.Host, Header: http.Header{}}
	for _, name := range signed {
		if name == "host" {
			continue
		}
		values := r.Header.Values(name)
		if len(values) == 0 {
			return nil, fmt.Errorf("header %s is signed but missing", name)
		}
		again.Header[http.CanonicalHeaderKey(name)] = values
	}
	return again, nil
}
