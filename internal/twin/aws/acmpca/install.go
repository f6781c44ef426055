package acmpca

import (
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/pki"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawAuthorityInstall = law.New(law.Certificates, "authority-certificate",
		"The certificate that is installed in a CA carries the CA's own key.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/API_ImportCertificateAuthorityCertificate.html")
	lawPermission = law.New(law.Certificates, "authority-permission-once",
		"A CA gives its permission to a principal once, and only to acm.amazonaws.com.",
		"https://docs.aws.amazon.com/privateca/latest/APIReference/API_CreatePermission.html")
)

// A CA's certificate and its permissions are parts of it.

var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate",
		Required: []string{"certificate", "certificateAuthorityArn"},
		ForceNew: []string{"certificate", "certificateAuthorityArn", "certificateChain"},
		Untagged: true,
		Refers:   ofAuthority,
	},
	Create: func(r *cloud.Request) (string, error) {
		ca, err := Find(r)
		if err != nil {
			return "", err
		}
		cert, err := pki.Certificate(r.Str("certificate"))
		if err != nil {
			return "", lawAuthorityInstall.Refuse("MalformedCertificateException", "The certificate is not valid: %v", err)
		}
		if !pki.SamePublicKey(ca.Key.Public(), cert.PublicKey) {
			return "", lawAuthorityInstall.Refuse("CertificateMismatchException", "The certificate does not match the private key of %s", ca.ARN)
		}
		ca.CertPEM, ca.ChainPEM, ca.Status = r.Str("certificate"), r.Str("certificateChain"), Active
		ca.InstalledBy = r.URN
		return ca.ARN, nil
	},
	Delete: func(*cloud.Request) error { return nil }, // a CA keeps its certificate; the provider only forgets it
	Outputs: func(r *cloud.Request) engine.Props {
		ca := Authorities.Get(r.Account, r.Str("certificateAuthorityArn"))
		if ca == nil || ca.CertPEM == "" || ca.Status == Deleted {
			return nil
		}
		return engine.Props{"certificate": ca.CertPEM, "certificateChain": ca.ChainPEM}
	},
})

var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:acmpca/permission:Permission",
		Required: []string{"actions", "certificateAuthorityArn", "principal"},
		ForceNew: []string{"actions", "certificateAuthorityArn", "principal", "sourceAccount"},
		Sets:     []string{"actions"},
		Untagged: true,
		Refers:   ofAuthority,
		Check:    func(c *cloud.Checker) { c.OneOf("principal", "acm.amazonaws.com") },
	},
	Create: func(r *cloud.Request) (string, error) {
		ca, err := Find(r)
		if err != nil {
			return "", err
		}
		principal := r.Str("principal")
		if ca.Permissions[principal] != nil {
			return "", lawPermission.Refuse("PermissionAlreadyExistsException", "The permission for %s on %s already exists", principal, ca.ARN)
		}
		ca.Permissions[principal] = r.List("actions")
		return strings.Join([]string{ca.ARN, principal, r.Account.ID}, ","), nil
	},
	Delete: func(r *cloud.Request) error {
		delete(Authorities.Get(r.Account, r.Str("certificateAuthorityArn")).Permissions, r.Str("principal"))
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		ca := Authorities.Get(r.Account, r.Str("certificateAuthorityArn"))
		if ca == nil || ca.Status == Deleted || ca.Permissions[r.Str("principal")] == nil {
			return nil
		}
		return engine.Props{"policy": "", "sourceAccount": r.Account.ID, "actions": cloud.List(ca.Permissions[r.Str("principal")])}
	},
})
