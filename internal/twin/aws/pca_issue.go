package aws

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Issued is a certificate that a CA signed on request.
type Issued struct {
	Meta
	AuthorityARN string
	CertPEM      string
	ChainPEM     string
}

var (
	lawAuthorityExists = law.New(law.Certificates, "authority-exists",
		"The CA of a certificate, a permission or an import must exist in the region.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/CommonErrors.html")
	lawAuthorityActive = law.New(law.Certificates, "authority-must-be-active",
		"A CA issues only while it is ACTIVE, that is after its own certificate was installed; before, only that certificate.",
		"https://docs.aws.amazon.com/privateca/latest/userguide/ca-lifecycle.html")
	lawAuthorityInstall = law.New(law.Certificates, "authority-certificate",
		"The certificate that is installed in a CA carries the CA's own key, and is installed once.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/API_ImportCertificateAuthorityCertificate.html")
	lawPermission = law.New(law.Certificates, "authority-permission-once",
		"A CA gives its permission to a principal once, and only to acm.amazonaws.com.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/API_CreatePermission.html")
)

// authority finds a CA that is not deleted.
func (r *request) authority(property string) (*Authority, error) {
	ca := r.certs.authorities[r.str(property)]
	if ca == nil || ca.Status == "DELETED" || ca.Region != r.region {
		return nil, lawAuthorityExists.Refuse("ResourceNotFoundException", "Could not find Certificate Authority %s", r.str(property))
	}
	return ca, nil
}

var issuedKind = &kind{
	token:    "aws:acmpca/certificate:Certificate",
	required: []string{"certificateAuthorityArn", "certificateSigningRequest", "signingAlgorithm", "validity"},
	forceNew: []string{"certificateAuthorityArn", "certificateSigningRequest", "signingAlgorithm", "validity", "templateArn", "apiPassthrough"},
	untagged: true,
	create: func(r *request) (string, error) {
		ca, err := r.authority("certificateAuthorityArn")
		if err != nil {
			return "", err
		}
		own := strings.Contains(r.str("templateArn"), "template/RootCACertificate/") && ca.Root && r.str("certificateSigningRequest") == ca.CSR
		if ca.Status != "ACTIVE" && (ca.Status != "PENDING_CERTIFICATE" || !own) {
			return "", notActive(ca)
		}
		r.op.DependsOn(ca.installedBy, lawAuthorityActive)
		cert, err := r.sign(ca, own)
		if err != nil {
			return "", err
		}
		arn := ca.ARN + "/certificate/" + r.World.ID(r.urn, 32)
		chain := ""
		if !own {
			chain = ca.CertPEM
		}
		r.certs.issued[arn] = &Issued{Meta: r.meta(arn, arn, ""), AuthorityARN: ca.ARN, CertPEM: cert, ChainPEM: chain}
		return arn, nil
	},
	remove: func(r *request) error { delete(r.certs.issued, r.id); return nil }, // the provider revokes
	outputs: func(r *request) engine.Props {
		c := r.certs.issued[r.id]
		if c == nil {
			return nil
		}
		return engine.Props{"arn": c.ARN, "certificate": c.CertPEM, "certificateChain": c.ChainPEM}
	},
}

func notActive(ca *Authority) error {
	return lawAuthorityActive.Refuse("InvalidStateException",
		"The certificate authority %s is not in a valid state for issuing certificates: %s", ca.ARN, ca.Status)
}

// sign issues the certificate that the request's inputs describe.
func (r *request) sign(ca *Authority, own bool) (string, error) {
	block, _ := pem.Decode([]byte(r.str("certificateSigningRequest")))
	if block == nil {
		return "", lawAuthorityActive.Refuse("MalformedCSRException", "The certificate signing request is not valid PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return "", lawAuthorityActive.Refuse("MalformedCSRException", "The certificate signing request is not valid: %v", err)
	}
	now := r.World.Calendar()
	end, err := endOf(now, r.obj("validity"))
	if err != nil {
		return "", lawAuthorityActive.Refuse("ValidationException", "%v", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial(), Subject: csr.Subject, DNSNames: csr.DNSNames, IPAddresses: csr.IPAddresses,
		NotBefore: now.Add(-time.Hour), NotAfter: end, SignatureAlgorithm: signatureAlgorithms[r.str("signingAlgorithm")],
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, BasicConstraintsValid: true,
	}
	if strings.Contains(r.str("templateArn"), "CACertificate") {
		tmpl.IsCA, tmpl.KeyUsage = true, x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	} else {
		tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	parent := tmpl
	if !own {
		if parent, err = oneCertificate(ca.CertPEM); err != nil {
			return "", notActive(ca)
		}
		if end.After(parent.NotAfter) {
			return "", lawAuthorityOutlives.Refuse("ValidationException", "The validity of the certificate, until %s, exceeds that of the CA, until %s", day(end), day(parent.NotAfter))
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, csr.PublicKey, ca.key)
	if err != nil {
		return "", lawAuthorityActive.Refuse("InvalidArgsException", "%v", err)
	}
	return pemText("CERTIFICATE", der), nil
}

var authorityCertificateKind = &kind{
	token:    "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate",
	required: []string{"certificate", "certificateAuthorityArn"},
	forceNew: []string{"certificate", "certificateAuthorityArn", "certificateChain"},
	untagged: true,
	create: func(r *request) (string, error) {
		ca, err := r.authority("certificateAuthorityArn")
		if err != nil {
			return "", err
		}
		cert, err := oneCertificate(r.str("certificate"))
		if err != nil {
			return "", lawAuthorityInstall.Refuse("MalformedCertificateException", "The certificate is not valid: %v", err)
		}
		if !samePublicKey(ca.key.Public(), cert.PublicKey) {
			return "", lawAuthorityInstall.Refuse("CertificateMismatchException", "The certificate does not match the private key of %s", ca.ARN)
		}
		ca.CertPEM, ca.ChainPEM, ca.Status = r.str("certificate"), r.str("certificateChain"), "ACTIVE"
		ca.installedBy = r.urn
		return ca.ARN, nil
	},
	remove: func(*request) error { return nil }, // a CA keeps its certificate; the provider only forgets it
	outputs: func(r *request) engine.Props {
		ca := r.certs.authorities[r.str("certificateAuthorityArn")]
		if ca == nil || ca.CertPEM == "" || ca.Status == "DELETED" {
			return nil
		}
		return engine.Props{"certificate": ca.CertPEM, "certificateChain": ca.ChainPEM}
	},
}

var permissionKind = &kind{
	token:    "aws:acmpca/permission:Permission",
	required: []string{"actions", "certificateAuthorityArn", "principal"},
	forceNew: []string{"actions", "certificateAuthorityArn", "principal", "sourceAccount"},
	sets:     []string{"actions"},
	untagged: true,
	check:    func(c *checker) { c.oneOf("principal", "acm.amazonaws.com") },
	create: func(r *request) (string, error) {
		ca, err := r.authority("certificateAuthorityArn")
		if err != nil {
			return "", err
		}
		if ca.Permissions[r.str("principal")] != nil {
			return "", lawPermission.Refuse("PermissionAlreadyExistsException", "The permission for %s on %s already exists", r.str("principal"), ca.ARN)
		}
		ca.Permissions[r.str("principal")], ca.PermittedBy[r.str("principal")] = r.list("actions"), r.urn
		return strings.Join([]string{ca.ARN, r.str("principal"), r.ID}, ","), nil
	},
	remove: func(r *request) error {
		ca := r.certs.authorities[r.str("certificateAuthorityArn")]
		delete(ca.Permissions, r.str("principal"))
		delete(ca.PermittedBy, r.str("principal"))
		return nil
	},
	outputs: func(r *request) engine.Props {
		ca := r.certs.authorities[r.str("certificateAuthorityArn")]
		if ca == nil || ca.Status == "DELETED" || ca.Permissions[r.str("principal")] == nil {
			return nil
		}
		return engine.Props{"policy": "", "sourceAccount": r.ID, "actions": list(ca.Permissions[r.str("principal")])}
	},
}

// mayRenew tells whether a CA gave ACM what a managed renewal needs.
func (ca *Authority) mayRenew() bool {
	for _, action := range []string{"IssueCertificate", "GetCertificate", "ListPermissions"} {
		if !slices.Contains(ca.Permissions["acm.amazonaws.com"], action) {
			return false
		}
	}
	return true
}
