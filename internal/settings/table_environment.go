package settings

import (
	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// Keys of stacks of role environment.
var (
	Domain = in(environment, String{
		Key:     "domain",
		Default: "example.com",
		Check:   check.Domain,
		Description: "Private zone. An application is called as its name in this domain. " +
			"Give it a subdomain of its own, because a domain's public names do not resolve beside it.",
	})
	ServiceNetworkName = in(environment, String{
		Key:         "serviceNetworkName",
		Default:     names.DefaultServiceNetwork,
		Check:       check.ServiceNetwork,
		Description: "Name of the service network, and of the Gateway in each cluster.",
	})
	ClientRoleName = in(environment, String{
		Key:         "clientRoleName",
		Default:     names.DefaultClientRole,
		Check:       check.RoleName,
		Description: "Name of the IAM role that applications call with. To change it in use, give the name it had as formerClientRoleName.",
	})
	FormerClientRoleName = in(environment, String{
		Key:         "formerClientRoleName",
		Check:       check.RoleName,
		Description: "Role that applications called with before clientRoleName changed. It stays until you remove this key, after an up of every cluster.",
	})
	AnchorVPCCIDR = in(environment, String{
		Key:         "anchorVpcCidr",
		Default:     "10.255.255.0/28",
		Check:       check.CIDR(16, 28, "10.255.255.0/28"),
		Description: "Range of the empty VPC that the private zone needs to exist.",
	})
	CAMode = in(environment, String{
		Key:     "caMode",
		Default: "acm-pca",
		Check:   check.OneOf("is not a way to get a CA", "acm-pca", "self-managed", "existing"),
		Description: "Who signs the services' certificate: acm-pca (AWS Private CA, billed by the month), " +
			"self-managed (free, keys in the stack's state) or existing.",
	})
	CAValidityYears = in(environment, Int{
		Key:     "caValidityYears",
		Default: 10,
		Check:   check.Between(2, 30, ": a CA has to outlive its certificates, which live 13 months"),
		Description: "Life of the CA in years, up to 30; at least 3 when caMode is acm-pca, 2 when it is self-managed. " +
			"Not used when caMode is existing.",
	})
	CertificateARN = in(environment, String{
		Key:         "certificateArn",
		Check:       check.CertificateARN,
		Description: "ARN of the ACM certificate for the domain and its subdomains, RSA 2048. Required when caMode is existing.",
	})
	CACertificate = in(environment, String{
		Key:         "caCertificate",
		Check:       check.CACertificate,
		Description: "Certificate of the CA that callers trust, in PEM. Required when caMode is existing.",
	})
	ProtectCA = in(environment, Bool{
		Key:         "protectCa",
		Description: "Refuses to delete the CA. A self-managed CA is its key; its certificate is still renewed.",
	})
	ProtectZone = in(environment, Bool{
		Key:         "protectZone",
		Description: "Refuses to delete the private zone.",
	})
	AccessLogs = in(environment, Bool{
		Key:         "accessLogs",
		Description: "Writes every request through the service network to CloudWatch Logs.",
	})
	AccessLogRetentionDays = in(environment, Int{
		Key:         "accessLogRetentionDays",
		Default:     7,
		Check:       check.Retention,
		Description: "How many days access logs stay, one of the periods that CloudWatch Logs knows.",
	})
)
