package call

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
)

const untrusted = "unable to get local issuer certificate"

// encrypt is the step of the client that opens TLS to the service: the proxy, or the
// application itself, which trusts what its image trusts and the authorities that
// its environment adds.
func (q *request) encrypt() *Result {
	if q.proxy != nil && q.proxy.plain || q.proxy == nil && q.url.Scheme != "https" {
		q.scheme = "http"
		return nil
	}
	q.scheme = "https"
	trust := q.appTrust
	if q.proxy != nil {
		trust = func() string { return q.proxy.trust }
	}
	problem, broken := q.untrusted(trust())
	switch {
	case problem == "":
		return nil
	case q.proxy == nil:
		return refused(StepTLS, broken, 0, "curl: (60) SSL certificate problem: %s", problem)
	}
	return refused(StepTLS, broken, 503, "upstream connect error or disconnect/reset before headers. "+
		"reset reason: remote connection failure, transport failure reason: "+
		"TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:%s", problem)
}

// appTrust is what the application adds to the public authorities of its image.
func (q *request) appTrust() string {
	if q.pod == nil {
		return ""
	}
	container := appContainer(q.pod)
	files := pods.Files(q.from.API, q.pod, container)
	trust := ""
	for _, e := range obj.Maps(container, "env") {
		switch obj.Str(e, "name") {
		case "SSL_CERT_FILE", "CURL_CA_BUNDLE":
			trust += files[obj.Str(e, "value")]
		case "CA_ARN": // the blueprint's image fetches it at its start
			trust += obj.Str(e, "value")
		}
	}
	return trust
}

// untrusted says why a client does not accept the service's certificate, "" when
// it does.
func (q *request) untrusted(trust string) (problem string, broken law.Law) {
	host := q.url.Hostname()
	// VPC Lattice has public certificates for the names that it gives to services.
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/https-listeners.html
	if host == q.name {
		return "", law.Law{}
	}
	service := q.service()
	if service == nil || service.CertificateARN == "" {
		return "no alternative certificate subject name matches target host name '" + host + "'", LawTLS
	}
	certificate := acm.Presented(q.from.Account.Account, service.CertificateARN)
	switch {
	case certificate == nil:
		return untrusted, LawTLS
	case !slices.ContainsFunc(certificate.Names, func(n string) bool { return covers(n, host) }):
		return "no alternative certificate subject name matches target host name '" + host + "'", LawTLS
	case strings.HasPrefix(trust, "arn:"):
		return "", law.Law{}
	}
	return verify(certificate, trust, q.from.World.Calendar())
}

// service finds the Lattice service behind its generated name,
// "<service>-<id>.<hash>.vpc-lattice-svcs...", nil when there is none.
func (q *request) service() *vpclattice.Service {
	label, _, _ := strings.Cut(q.name, ".")
	i := strings.LastIndex(label, "-")
	if i < 0 {
		return nil
	}
	service, err := q.from.Account.Lattice("").FindService(q.from.Account.Caller(""), label[:i])
	if err != nil {
		return nil
	}
	return service
}

// verify returns what a client that trusts a bundle of CAs has against a
// certificate, in OpenSSL's words, and the law.
func verify(certificate *acm.Certificate, trust string, now time.Time) (problem string, broken law.Law) {
	block, _ := pem.Decode([]byte(certificate.CertPEM))
	if block == nil {
		return untrusted, LawTLS
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return untrusted, LawTLS
	}
	roots, chain := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(trust))
	chain.AppendCertsFromPEM([]byte(certificate.ChainPEM))
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: chain, CurrentTime: now})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return "", law.Law{}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate has expired", LawExpired
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "unsuitable certificate purpose", LawTLS
	}
	return untrusted, LawTLS
}

// covers reports whether a certificate's name, perhaps with a wildcard, is good for
// a host.
func covers(name, host string) bool {
	_, domain, _ := strings.Cut(host, ".")
	return strings.EqualFold(name, host) || strings.EqualFold(name, "*."+domain)
}
