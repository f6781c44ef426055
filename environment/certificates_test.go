package environment

import (
	"encoding/json"
	"reflect"
	"testing"

	"eks-lattice/internal/recorder"
)

func TestCertificateWaitsForItsCA(t *testing.T) {
	t.Parallel()
	r := run(t)
	closure := r.Closure(find(t, r, certificate).URN)
	for _, earlier := range []string{
		"aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate environment-ca-active",
		"aws:acmpca/permission:Permission environment-ca-renewal",
	} {
		if !closure[find(t, r, earlier).URN] {
			t.Errorf("the certificate does not depend on %s", earlier)
		}
	}
	inputs := find(t, r, certificate).Inputs
	if got := inputs["keyAlgorithm"].StringValue(); got != "RSA_2048" {
		t.Errorf("key algorithm: got %s; VPC Lattice serves RSA 2048 only", got)
	}
	if got := inputs["subjectAlternativeNames"].Mappable(); !reflect.DeepEqual(got, []any{"example.com", "*.example.com"}) {
		t.Errorf("names: got %v", got)
	}
}

// ACM renews only with all three actions, and a certificate must not outlive its CA.
func TestPrivateCA(t *testing.T) {
	t.Parallel()
	r := run(t)
	for resource, want := range map[string]string{
		ca: `{"type": "ROOT", "permanentDeletionTimeInDays": 7, "certificateAuthorityConfiguration": {
			"keyAlgorithm": "RSA_4096", "signingAlgorithm": "SHA512WITHRSA", "subject": {"commonName": "example.com"}}}`,
		"aws:acmpca/certificate:Certificate environment-ca-root": `{
			"certificateAuthorityArn": "arn:aws:test:::environment-ca", "certificateSigningRequest": "csr of environment-ca",
			"signingAlgorithm": "SHA512WITHRSA", "templateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1",
			"validity": {"type": "YEARS", "value": "10"}}`,
		"aws:acmpca/permission:Permission environment-ca-renewal": `{
			"certificateAuthorityArn": "arn:aws:test:::environment-ca", "principal": "acm.amazonaws.com",
			"actions": ["IssueCertificate", "GetCertificate", "ListPermissions"]}`,
	} {
		checkInputs(t, find(t, r, resource), want)
	}
}

// Envoy accepts the leaf as a server's certificate, and the CA outlives it.
func TestSelfManagedCA(t *testing.T) {
	t.Parallel()
	r := run(t, "caMode", "self-managed")
	for resource, want := range map[string]string{
		"tls:index/selfSignedCert:SelfSignedCert environment-ca": `{
			"privateKeyPem": "key of environment-ca-key", "isCaCertificate": true, "setSubjectKeyId": true,
			"allowedUses": ["cert_signing", "crl_signing", "digital_signature"],
			"validityPeriodHours": 87600, "earlyRenewalHours": 9480, "subject": {"commonName": "example.com"}}`,
		"tls:index/certRequest:CertRequest environment-request": `{
			"privateKeyPem": "key of environment-key", "dnsNames": ["example.com", "*.example.com"], "subject": {"commonName": "example.com"}}`,
		"tls:index/locallySignedCert:LocallySignedCert environment-leaf": `{
			"caPrivateKeyPem": "key of environment-ca-key", "caCertPem": ` + quoted(recorder.CACertificate) + `,
			"certRequestPem": "request of environment-request", "allowedUses": ["digital_signature", "key_encipherment", "server_auth"],
			"validityPeriodHours": 9480, "earlyRenewalHours": 720}`,
		certificate: `{"privateKey": "key of environment-key", "certificateBody": "certificate of environment-leaf",
			"certificateChain": ` + quoted(recorder.CACertificate) + `}`,
	} {
		checkInputs(t, find(t, r, resource), want)
	}
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string cannot fail to marshal
	}
	return string(b)
}

func TestSelfManagedKeysAreSecret(t *testing.T) {
	t.Parallel()
	r := run(t, "caMode", "self-managed")
	for resource, property := range map[string]string{
		"tls:index/selfSignedCert:SelfSignedCert environment-ca":         "privateKeyPem",
		"tls:index/locallySignedCert:LocallySignedCert environment-leaf": "caPrivateKeyPem",
		"tls:index/certRequest:CertRequest environment-request":          "privateKeyPem",
		certificate: "privateKey",
	} {
		inputs := find(t, r, resource).Inputs
		for key, value := range inputs {
			if string(key) == property && !value.IsSecret() {
				t.Errorf("%s of %s is not a secret", property, resource)
			}
		}
		if _, ok := inputs.Mappable()[property]; !ok {
			t.Errorf("%s has no %s", resource, property)
		}
	}
	if bits := find(t, r, "tls:index/privateKey:PrivateKey environment-key").Inputs["rsaBits"].NumberValue(); bits != 2048 {
		t.Errorf("the certificate's key has %v bits; VPC Lattice serves RSA 2048 only", bits)
	}
}
