package acmpca_test

import (
	"testing"

	"eks-lattice/internal/twin/aws/acmpca"
	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law/lawtest"
	"eks-lattice/internal/twin/world"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	lawtest.Run(t, laws)
}

const leaf = "arn:aws:acm-pca:::template/EndEntityCertificate/V1"

var laws = []lawtest.Counterexample{
	awstest.Refuses("authority-exists", "ResourceNotFoundException", "Could not find Certificate Authority", func(p *awstest.Program) error {
		return p.Try(awstest.Certificate, "certificate", engine.Props{"domainName": "example.com",
			"certificateAuthorityArn": "arn:aws:acm-pca:ap-northeast-2:123456789012:certificate-authority/0"})
	}),
	awstest.Refuses("authority-must-be-active", "InvalidStateException",
		"is not in a valid state for issuing certificates: PENDING_CERTIFICATE", func(p *awstest.Program) error {
			p.Up(awstest.CertificateAuthority, "ca", awstest.AuthorityInputs(nil))
			return p.Try(awstest.Certificate, "early", p.Leaf(nil))
		}),
	awstest.Refuses("authority-restoration", "", "to be in the range (7 - 30), got 5", func(p *awstest.Program) error {
		return p.Try(awstest.CertificateAuthority, "ca", awstest.AuthorityInputs(engine.Props{"permanentDeletionTimeInDays": 5}))
	}),
	awstest.Refuses("authority-arguments", "InvalidArgsException", "does not fit", func(p *awstest.Program) error {
		return p.Try(awstest.CertificateAuthority, "ca", awstest.AuthorityInputs(engine.Props{"certificateAuthorityConfiguration": engine.Props{
			"keyAlgorithm": "RSA_2048", "signingAlgorithm": "SHA256WITHECDSA"}}))
	}),
	// ACM's certificates live 395 days: a CA of a year is too young to issue one.
	awstest.Refuses("authority-outlives-its-certificates", "PCA_INVALID_DURATION", "exceeds that of CA arn:aws:acm-pca",
		func(p *awstest.Program) error {
			p.RootCA("365", nil)
			return p.Try(awstest.Certificate, "certificate", p.Leaf(nil))
		}),
	awstest.Refuses("authority-certificate", "CertificateMismatchException", "does not match the private key", func(p *awstest.Program) error {
		p.RootCA("3650", nil)
		p.Up(awstest.CertificateAuthority, "other", awstest.AuthorityInputs(nil))
		return p.Try(awstest.AuthorityCertificate, "mismatch",
			engine.Props{"certificateAuthorityArn": p.ID("other"), "certificate": p.Get("ca-root", "certificate")})
	}),
	awstest.Refuses("authority-permission-once", "PermissionAlreadyExistsException", "already exists", func(p *awstest.Program) error {
		p.RootCA("3650", nil)
		p.Up(awstest.AuthorityPermission, "permission", p.PermissionInputs())
		return p.Try(awstest.AuthorityPermission, "again", p.PermissionInputs())
	}),
}

func TestIssued(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Up(awstest.CertificateAuthority, "young", awstest.AuthorityInputs(nil))
	p.Refuses("authority-must-be-active", "InvalidStateException", "PENDING_CERTIFICATE", awstest.IssuedCertificate,
		p.RootInputs("young", "365", engine.Props{"templateArn": leaf}))
	p.RootCA("3650", nil)
	p.Refuses("authority-outlives-its-certificates", "ValidationException", "exceeds that of the CA", awstest.IssuedCertificate,
		p.RootInputs("ca", "4000", engine.Props{"templateArn": leaf}))
	p.Up(awstest.IssuedCertificate, "leaf", p.RootInputs("ca", "30", engine.Props{"templateArn": leaf}))
	if p.Get("leaf", "certificateChain") != p.Get("ca-root", "certificate") {
		t.Error("the leaf comes without its chain")
	}
}

// A deleted CA can be restored for as long as the program said.
func TestAuthorityDeletion(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.RootCA("3650", nil)
	ca := acmpca.Authorities.Get(p.Account.Account, p.ID("ca"))
	p.Down("ca-installed", "ca-root", "ca")
	days := ca.Restorable.Sub(world.Epoch).Hours() / 24
	if ca.Status != acmpca.Deleted || days < 7 || days > 7.1 {
		t.Errorf("the deleted CA is %s, restorable until %s", ca.Status, ca.Restorable)
	}
	p.Leftovers()
}
