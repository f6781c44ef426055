package environment

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/recorder"
)

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config []string
		want   []string
	}{
		"domain":          {[]string{"domain", "Example"}, []string{`eks-lattice:domain = "Example": is not a domain name; give one in lower case, such as example.com, without a wildcard or a final dot`}},
		"wildcard":        {[]string{"domain", "*.example.com"}, []string{`eks-lattice:domain = "*.example.com": is not a domain name; give one in lower case, such as example.com, without a wildcard or a final dot`}},
		"service network": {[]string{"serviceNetworkName", "a"}, []string{`eks-lattice:serviceNetworkName = "a": must have 3 to 63 lower-case letters, digits and single inner hyphens`}},
		"client role":     {[]string{"clientRoleName", "a b"}, []string{`eks-lattice:clientRoleName = "a b": must have 1 to 64 letters, digits or characters of +=,.@_-`}},
		"anchor":          {[]string{"anchorVpcCidr", "169.254.171.0/28"}, []string{`eks-lattice:anchorVpcCidr = "169.254.171.0/28": overlaps 169.254.171.0/24, which VPC Lattice answers on; give a private range such as 10.255.255.0/28`}},
		"mode":            {[]string{"caMode", "letsencrypt"}, []string{`eks-lattice:caMode = "letsencrypt": is not a way to get a CA; give acm-pca, self-managed or existing`}},
		"validity":        {[]string{"caValidityYears", "1"}, []string{`eks-lattice:caValidityYears = 1: must be from 2 to 30: a CA has to outlive its certificates, which live 13 months`}},
		"two years":       {[]string{"caValidityYears", "2"}, []string{`eks-lattice:caValidityYears = 2: must be from 3 to 30 in caMode acm-pca: a CA has to outlive its certificates, which live 13 months`}},
		"certificate":     {[]string{"certificateArn", recorder.CertificateARN}, []string{`eks-lattice:certificateArn = "` + recorder.CertificateARN + `": is used in caMode existing only; remove it or change caMode`}},
		"CA":              {[]string{"caCertificate", recorder.CACertificate}, []string{`eks-lattice:caCertificate: is used in caMode existing only; remove it or change caMode`}},
		"retention":       {[]string{"accessLogs", "true", "accessLogRetentionDays", "8"}, []string{`eks-lattice:accessLogRetentionDays = 8: is not a period that CloudWatch Logs knows; give 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653`}},
		"protect":         {[]string{"protectCa", "yes"}, []string{`eks-lattice:protectCa = "yes": is neither true nor false`}},
		"existing, neither": {[]string{"caMode", "existing"}, []string{
			`eks-lattice:certificateArn: is missing: caMode existing needs the ARN of an ACM certificate`,
			`eks-lattice:caCertificate: is missing: caMode existing needs the CA that callers trust, in PEM`,
		}},
		"existing, wrong": {[]string{"caMode", "existing", "certificateArn", "x", "caCertificate", "y"}, []string{
			`eks-lattice:certificateArn = "x": is not the ARN of an ACM certificate, such as arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012`,
			`eks-lattice:caCertificate: is not a PEM certificate`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := recorder.Run(t, options(test.config...), Run)
			var found *problem.Error
			if !errors.As(err, &found) {
				t.Fatalf("got %v", err)
			}
			if found.Subject != `the configuration of stack "environment"` {
				t.Errorf("subject: got %s", found.Subject)
			}
			var got []string
			for _, p := range found.Problems {
				got = append(got, p.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if made := r.Resources(); len(made) > 0 {
				t.Errorf("made %d resources", len(made))
			}
		})
	}
}

// A secret that cannot be read is not shown.
func TestProblemsHideSecrets(t *testing.T) {
	t.Parallel()
	o := options("tags", "hush")
	o.SecretKeys = []string{"eks-lattice:tags"}
	_, err := recorder.Run(t, o, Run)
	if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "[secret]") {
		t.Errorf("got %v", err)
	}
}
