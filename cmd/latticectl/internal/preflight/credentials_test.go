package preflight

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
)

// What a report says about how long credentials last.
func TestValidity(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	const up = 16 * time.Minute
	for name, tt := range map[string]struct {
		who    identity
		status Status
		found  string
	}{
		"keys of a user":                  {identity{}, OK, "without an end"},
		"a session of unknown length":     {identity{temporary: true}, Warning, "nothing says for how long"},
		"a session that is too short":     {identity{temporary: true, expires: now.Add(15 * time.Minute)}, Failed, "15m0s more, but"},
		"a session that lasts":            {identity{temporary: true, expires: now.Add(time.Hour)}, OK, "1h0m0s more; the deployment"},
		"a session that is renewed":       {identity{temporary: true, renewed: true, expires: now.Add(time.Minute)}, OK, "then renewed"},
		"a renewed session of any length": {identity{temporary: true, renewed: true}, OK, "without an end"},
	} {
		if c := tt.who.lasts(now, up); c.Status != tt.status || !strings.Contains(c.Found, tt.found) || (c.Status == OK) != (c.Remedy == "") {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Credentials of the environment end when aws configure export-credentials says so.
func TestCredentialsOfTheEnvironment(t *testing.T) {
	server := newWorld().serve(t)
	t.Setenv("AWS_PROFILE", "")
	for key, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_SESSION_TOKEN": "a-token", "AWS_REGION": "ap-northeast-2",
		"AWS_ENDPOINT_URL": server.URL, "AWS_CREDENTIAL_EXPIRATION": "2026-11-01T12:00:00+00:00",
	} {
		t.Setenv(key, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	who, err := identify(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := identity{account: accountID, arn: goodAccount().whoami, source: "environment variables", temporary: true}
	if who.expires.Unix() != time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("they end at %v", who.expires)
	}
	if want.expires = who.expires; who != want {
		t.Errorf("the identity is %+v, want %+v", who, want)
	}
}
