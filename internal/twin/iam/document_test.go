package iam

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		use  Use
		want string // part of the reason, empty when it is fine
	}{
		"identity": {`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, Identity, ""},
		"trust": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},` +
			`"Action":"sts:AssumeRole"}]}`, Trust, ""},
		"resource": {`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"NotAction":"s3:Get*",` +
			`"NotResource":"arn:aws:s3:::b"}]}`, Resource, ""},
		"wildcard action": {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, Identity, ""},
		"no JSON":         {`{`, Identity, "Syntax errors in policy."},
		"version": {`{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`, Identity,
			"unknown Version"},
		"no statement": {`{"Version":"2012-10-17","Statement":[]}`, Identity, "at least one statement"},
		"effect":       {`{"Statement":[{"Effect":"Maybe","Action":"s3:*","Resource":"*"}]}`, Identity, "Invalid effect: Maybe"},
		"no action":    {`{"Statement":[{"Effect":"Allow","Resource":"*"}]}`, Identity, "must contain actions"},
		"two actions": {`{"Statement":[{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}]}`, Identity,
			"must contain actions"},
		"vendor": {`{"Statement":[{"Effect":"Allow","Action":"Invoke","Resource":"*"}]}`, Identity, "must be prefaced by a vendor"},
		"condition": {`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*",` +
			`"Condition":{"StringMatches":{"a":"b"}}}]}`, Identity, "Invalid Condition type : StringMatches."},
		"principal": {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`, Identity,
			"should not specify a principal"},
		"no principal":    {`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`, Resource, "Missing required field Principal"},
		"no resource":     {`{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`, Identity, "must contain resources"},
		"resource no ARN": {`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}`, Identity, "must be in ARN format"},
		"trust resource": {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`, Trust,
			"Has prohibited field Resource"},
		"trust action": {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}`, Trust,
			"may only specify STS AssumeRole actions"},
		"trust bad service": {`{"Statement":[{"Effect":"Allow","Principal":{"Service":"pods"},"Action":"sts:AssumeRole"}]}`, Trust,
			`Invalid principal in policy: "SERVICE":"pods"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(c.text, c.use)
			var m *MalformedError
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (!errors.As(err, &m) || !strings.Contains(m.Reason, c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestManaged(t *testing.T) {
	t.Parallel()
	for name := range managed {
		doc, ok := Managed("arn:aws:iam::aws:policy/" + name)
		if !ok || doc.Name != name {
			t.Errorf("%s is not found", name)
		}
		if _, err := Parse(doc.Text, Identity); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, arn := range []string{"arn:aws:iam::aws:policy/Nothing", "arn:aws:iam::123456789012:policy/AdministratorAccess",
		"AdministratorAccess"} {
		if _, ok := Managed(arn); ok {
			t.Errorf("%s is taken for a policy of AWS", arn)
		}
	}
}
