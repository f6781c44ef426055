package acmpca

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/pki"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Issued is a certificate that a CA signed on request.
type Issued struct {
	cloud.Meta
	CertPEM  string
	ChainPEM string
}

// LawDuration is the law of certificates that would outlive their authority.
var LawDuration = law.New(law.Certificates, "authority-outlives-its-certificates",
	"A CA issues no certificate that would be valid for longer than its own: ACM fails a request, and a renewal, with PCA_INVALID_DURATION.",
	"https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html")

var issued = cloud.NewTable[*Issued]("acm-pca certificate", cloud.Missing{})

var ofAuthority = []cloud.Reference{{Property: "certificateAuthorityArn", To: Authorities}}

var _ = cloud.DefineType(cloud.Type[*Issued]{ // the provider's deletion revokes
	Schema: cloud.Schema{
		Token:    "aws:acmpca/certificate:Certificate",
		Required: []string{"certificateAuthorityArn", "certificateSigningRequest", "signingAlgorithm", "validity"},
		ForceNew: []string{"certificateAuthorityArn", "certificateSigningRequest", "signingAlgorithm", "validity", "templateArn",
			"apiPassthrough"},
		Untagged: true,
		Refers:   ofAuthority,
	},
	Table: issued,
	Create: func(r *cloud.Request) (*Issued, error) {
		ca, err := Find(r)
		if err != nil {
			return nil, err
		}
		own := strings.Contains(r.Str("templateArn"), "template/RootCACertificate/") && ca.Root && r.Str("certificateSigningRequest") == ca.CSR
		if ca.Status != Active && (ca.Status != Pending || !own) {
			return nil, ca.notActive()
		}
		r.Op.DependsOn(ca.InstalledBy, LawActive)
		cert, err := ca.sign(r, own)
		if err != nil {
			return nil, err
		}
		arn := ca.ARN + "/certificate/" + r.Digits(32)
		c := &Issued{Meta: r.Meta(arn, arn, ""), CertPEM: cert}
		if !own {
			c.ChainPEM = ca.CertPEM
		}
		return c, nil
	},
	Outputs: func(_ *cloud.Request, c *Issued) engine.Props {
		return engine.Props{"arn": c.ARN, "certificate": c.CertPEM, "certificateChain": c.ChainPEM}
	},
})

// sign issues the certificate that the request's inputs describe.
func (ca *Authority) sign(r *cloud.Request, own bool) (string, error) {
	block, _ := pem.Decode([]byte(r.Str("certificateSigningRequest")))
	if block == nil {
		return "", LawActive.Refuse("MalformedCSRException", "The certificate signing request is not valid PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return "", LawActive.Refuse("MalformedCSRException", "The certificate signing request is not valid: %v", err)
	}
	now := r.Account.World.Calendar()
	end, err := endOf(now, r.Obj("validity"))
	if err != nil {
		return "", LawActive.Refuse("ValidationException", "%v", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: pki.Serial(), Subject: csr.Subject, DNSNames: csr.DNSNames, IPAddresses: csr.IPAddresses,
		NotBefore: now.Add(-time.Hour), NotAfter: end, SignatureAlgorithm: pki.SignatureAlgorithms[r.Str("signingAlgorithm")],
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, BasicConstraintsValid: true,
	}
	if strings.Contains(r.Str("templateArn"), "CACertificate") {
		tmpl.IsCA, tmpl.KeyUsage = true, x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	} else {
		tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	parent := tmpl
	if !own {
		if parent, err = ca.Issuer(); err != nil {
			return "", err
		}
		if end.After(parent.NotAfter) {
			return "", LawDuration.Refuse("ValidationException", "The validity of the certificate, until %s, exceeds that of the CA, until %s",
				end.Format(time.DateOnly), parent.NotAfter.Format(time.DateOnly))
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, csr.PublicKey, ca.Key)
	if err != nil {
		return "", LawActive.Refuse("InvalidArgsException", "%v", err)
	}
	return pki.PEM("CERTIFICATE", der), nil
}

// endOf adds a validity of Private CA to now.
func endOf(now time.Time, validity engine.Props) (time.Time, error) {
	n := cloud.Number(validity["value"])
	if s := cloud.Text(validity["value"]); s != "" {
		if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
			return parseEnd(s)
		}
	}
	switch cloud.Text(validity["type"]) {
	case "YEARS":
		return now.AddDate(n, 0, 0), nil
	case "MONTHS":
		return now.AddDate(0, n, 0), nil
	case "DAYS":
		return now.AddDate(0, 0, n), nil
	case "ABSOLUTE":
		return time.Unix(int64(n), 0), nil
	}
	return parseEnd(cloud.Text(validity["value"]))
}

func parseEnd(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading validity: %w", err)
	}
	return t, nil
}
