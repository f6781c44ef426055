package settings

import (
	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
)

// Environment has the keys of stacks of role environment.
var Environment = (&Section{Title: "Stacks of role environment", Role: names.RoleEnvironment}).with(
	String{
		Key:     "domain",
		Default: "example.com",
		Check:   check.Domain,
		Description: "Private zone. The host name of an application is its name in this domain. " +
			"Use a subdomain for the applications alone, because public names in the domain no longer resolve in the clusters.",
	},
	String{
		Key:         "serviceNetworkName",
		Default:     names.DefaultServiceNetwork,
		Check:       check.ServiceNetwork,
		Description: "Name of the service network, and of the Gateway in each cluster.",
	},
	String{
		Key:         "clientRoleName",
		Default:     names.DefaultClientRole,
		Check:       check.RoleName,
		Description: "Name of the IAM role that applications call with. When you change it, set formerClientRoleName to the old name.",
	},
	String{
		Key:   "formerClientRoleName",
		Check: check.RoleName,
		Description: "Role that applications called with before clientRoleName changed. " +
			"It exists until you delete this key, after an up of every cluster.",
	},
	String{
		Key:         "anchorVpcCidr",
		Default:     "10.255.255.0/28",
		Check:       check.CIDR(16, 28, "10.255.255.0/28"),
		Description: "Range of the empty VPC that the private zone needs to exist.",
	},
	String{
		Key:     "caMode",
		Default: "acm-pca",
		Check:   check.OneOf("is not a way to get a CA", "acm-pca", "self-managed", "existing"),
		Description: "Who signs the services' certificate: acm-pca (AWS Private CA, billed by the month), " +
			"self-managed (free, keys in the stack's state) or existing.",
	},
	Int{
		Key:     "caValidityYears",
		Default: 10,
		Check:   check.Between(2, 30, ": a CA has to outlive its certificates, which live 13 months"),
		Description: "Life of the CA in years, up to 30; at least 3 when caMode is acm-pca, 2 when it is self-managed. " +
			"Not used when caMode is existing.",
	},
	String{
		Key:         "certificateArn",
		Check:       check.CertificateARN,
		Description: "ARN of the ACM certificate for the domain and its subdomains, RSA 2048. Required when caMode is existing.",
	},
	String{
		Key:         "caCertificate",
		Check:       check.CACertificate,
		Description: "Certificate of the CA that callers trust, in PEM. Required when caMode is existing.",
	},
	Bool{
		Key:         "protectCa",
		Description: "Refuses to delete the CA. With caMode self-managed, this protects the CA's key, and the certificate still renews.",
	},
	Bool{
		Key:         "protectZone",
		Description: "Refuses to delete the private zone.",
	},
	Bool{
		Key:         "accessLogs",
		Description: "Writes every request through the service network to CloudWatch Logs.",
	},
	Int{
		Key:         "accessLogRetentionDays",
		Default:     7,
		Check:       check.Retention,
		Description: "Retention of access logs in days, one of the periods of CloudWatch Logs.",
	},
)
