package acm

import (
	"eks-lattice/internal/twin/aws/acmpca"
	"eks-lattice/internal/twin/aws/cloud"
)

// The calls of the provider are those of
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/acm/certificate.go
// and the actions, resources and condition keys those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html

var certificate = cloud.Self(Certificates)

func imported(r *cloud.Request) bool { return r.Has("privateKey") }

var _ = cloud.DefineCalls("aws:acm/certificate:Certificate", cloud.Calls{
	Create: []cloud.Call{
		cloud.Does("acm:RequestCertificate").Tagged().When(func(r *cloud.Request) bool { return !imported(r) }),
		cloud.Does("acm:ImportCertificate", cloud.Fresh("acm", "certificate")).When(imported),
		cloud.Does("acm:AddTagsToCertificate", cloud.Fresh("acm", "certificate")).Tagging(),
		// ACM asks the CA in the caller's name.
		// https://docs.aws.amazon.com/acm/latest/userguide/ca-access.html
		cloud.Does("acm-pca:IssueCertificate", cloud.Of(acmpca.Authorities, "certificateAuthorityArn")).Having("certificateAuthorityArn"),
		cloud.Does("acm-pca:GetCertificate", cloud.Of(acmpca.Authorities, "certificateAuthorityArn")).Having("certificateAuthorityArn"),
	},
	Read: cloud.Each(certificate, "acm:DescribeCertificate", "acm:ListTagsForCertificate"),
	Update: []cloud.Call{
		cloud.Does("acm:ImportCertificate", certificate).When(func(r *cloud.Request) bool {
			return imported(r) && (r.Changed("privateKey") || r.Changed("certificateBody") || r.Changed("certificateChain"))
		}),
		cloud.Does("acm:UpdateCertificateOptions", certificate).Changing("options"),
		cloud.Does("acm:AddTagsToCertificate", certificate).Retagging(),
		cloud.Does("acm:RemoveTagsFromCertificate", certificate).Untagging(),
	},
	Delete: cloud.Each(certificate, "acm:DeleteCertificate"),
})
