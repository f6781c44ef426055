package preflight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// identity is who would deploy.
type identity struct {
	account, arn string
	source       string // where the credentials come from
	renewed      bool   // by who uses them, before they expire
	temporary    bool
	expires      time.Time // zero: unknown, or never
}

// sources are the words for what the SDK calls the sources of credentials, and
// whether it renews them: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
var sources = []struct {
	prefix, words string
	renewed       bool
}{
	{"EnvConfigCredentials", "environment variables", false},
	{"SharedConfigCredentials", "the shared configuration files", false},
	{"SSOProvider", "IAM Identity Center (SSO)", true},
	{"AssumeRoleProvider", "a profile that assumes a role", true},
	{"WebIdentityCredentials", "a web identity token", true},
	{"ProcessProvider", "a credential process", true},
	{"CredentialsEndpointProvider", "the container's credentials endpoint", true},
	{"EC2RoleProvider", "the instance's metadata service", true},
	{"LoginProvider", "aws login", true},
}

// identify finds out whose credentials a deployment would use.
func identify(ctx context.Context, cfg aws.Config) (identity, error) {
	if cfg.Credentials == nil {
		return identity{}, errors.New("no credentials")
	}
	found, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		// The SDK asks the metadata service last, on every machine.
		if strings.Contains(err.Error(), "no EC2 IMDS role found") {
			err = errors.New("none in environment variables, in the shared configuration files, or from this machine's role")
		}
		return identity{}, err
	}
	who := identity{source: found.Source, temporary: found.SessionToken != ""}
	for _, s := range sources {
		if strings.HasPrefix(found.Source, s.prefix) {
			who.source, who.renewed = s.words, s.renewed
		}
	}
	if found.CanExpire {
		who.expires = found.Expires
	} else if strings.HasPrefix(found.Source, "EnvConfigCredentials") {
		// https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html
		who.expires, _ = time.Parse(time.RFC3339, os.Getenv("AWS_CREDENTIAL_EXPIRATION"))
	}
	cfg = cfg.Copy()
	cfg.Region = homeOf(cfg.Region)
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return who, calling("sts:GetCallerIdentity", err)
	}
	who.account, who.arn = aws.ToString(out.Account), aws.ToString(out.Arn)
	return who, nil
}

const newCredentials = "get credentials, for example with aws sso login, and check them with aws sts get-caller-identity"

func (i identity) check(err error) Check {
	c := Check{Group: credentials, Name: "identity", Status: OK}
	if err != nil {
		c.Status, c.Found, c.Remedy = Failed, reason(err), newCredentials
		if i.source != "" {
			c.Found += " (credentials from " + i.source + ")"
		}
		return c
	}
	c.Found = fmt.Sprintf("%s in account %s, from %s", i.arn, i.account, i.source)
	return c
}

// lasts compares the life of the credentials with the time of a deployment.
func (i identity) lasts(now time.Time, up time.Duration) Check {
	c := Check{Group: credentials, Name: "validity", Status: OK}
	left := i.expires.Sub(now).Round(time.Second)
	switch {
	case i.expires.IsZero() && i.temporary && !i.renewed:
		c.Status = Warning
		c.Found = fmt.Sprintf("temporary, and nothing says for how long; the deployment takes about %s (modelled)", up)
		c.Remedy = "make sure that the session lasts longer"
	case i.expires.IsZero():
		c.Found = "without an end"
	case left >= up:
		c.Found = fmt.Sprintf("%s more; the deployment takes about %s (modelled)", left, up)
	case i.renewed:
		c.Found = fmt.Sprintf("%s more, then renewed; the deployment takes about %s (modelled)", left, up)
	default:
		c.Status = Failed
		c.Found = fmt.Sprintf("%s more, but the deployment takes about %s (modelled)", left, up)
		c.Remedy = newCredentials
	}
	return c
}
