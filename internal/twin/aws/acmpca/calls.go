package acmpca

import "eks-lattice/internal/twin/aws/cloud"

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service/acmpca
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsprivatecertificateauthority.html

var (
	authority = cloud.Self(Authorities)
	issuer    = cloud.Of(Authorities, "certificateAuthorityArn")
)

var (
	_ = cloud.DefineCalls("aws:acmpca/certificateAuthority:CertificateAuthority", cloud.Calls{
		Create: []cloud.Call{
			cloud.Does("acm-pca:CreateCertificateAuthority").Tagged(),
			cloud.Does("acm-pca:TagCertificateAuthority", cloud.Fresh("acm-pca", "certificate-authority")).Tagging(),
		},
		Read: cloud.Each(authority, "acm-pca:DescribeCertificateAuthority", "acm-pca:GetCertificateAuthorityCertificate",
			"acm-pca:GetCertificateAuthorityCsr", "acm-pca:ListTags"),
		Update: []cloud.Call{
			cloud.Does("acm-pca:UpdateCertificateAuthority", authority).Changing("enabled", "revocationConfiguration"),
			cloud.Does("acm-pca:TagCertificateAuthority", authority).Retagging(),
			cloud.Does("acm-pca:UntagCertificateAuthority", authority).Untagging(),
		},
		// The provider disables an active CA first.
		Delete: cloud.Each(authority, "acm-pca:UpdateCertificateAuthority", "acm-pca:DeleteCertificateAuthority"),
	})
	_ = cloud.DefineCalls("aws:acmpca/certificate:Certificate", cloud.Calls{
		Create: cloud.Each(issuer, "acm-pca:IssueCertificate"),
		Read:   cloud.Each(issuer, "acm-pca:GetCertificate"),
		Delete: cloud.Each(issuer, "acm-pca:RevokeCertificate"),
	})
	_ = cloud.DefineCalls("aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate", cloud.Calls{
		Create: cloud.Each(issuer, "acm-pca:ImportCertificateAuthorityCertificate"),
		Read:   cloud.Each(issuer, "acm-pca:GetCertificateAuthorityCertificate"),
	})
	_ = cloud.DefineCalls("aws:acmpca/permission:Permission", cloud.Calls{
		Create: cloud.Each(issuer, "acm-pca:CreatePermission"),
		Read:   cloud.Each(issuer, "acm-pca:ListPermissions"),
		Delete: cloud.Each(issuer, "acm-pca:DeletePermission"),
	})
)
