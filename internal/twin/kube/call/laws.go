package call

import "eks-lattice/internal/twin/law"

// The laws of a call.
var (
	LawName = law.New(law.Call, "call-needs-a-name",
		"A request starts with a name that the pod's VPC resolves.",
		"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html")
	LawRedirect = law.New(law.Call, "call-is-redirected-in-the-pod",
		"Only connections that match the iptables rules of the pod's init container go through the proxy. If no proxy listens behind "+
			"the rule, the connection is refused.",
		"https://ipset.netfilter.org/iptables-extensions.man.html#lbBX")
	LawTLS = law.New(law.Call, "call-trusts-the-certificate",
		"The client that opens TLS to the service, proxy or application, must trust the certificate's authority and find the host in "+
			"the certificate.",
		"https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl")
	LawTargetPort = law.New(law.Call, "targets-listen-on-their-port",
		"A target answers on the port that it was registered with. If nothing listens there, requests end with 503.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-group-health-checks.html")
	LawExpired = law.New(law.Call, "call-needs-a-valid-certificate",
		"The proxy rejects a service whose certificate has expired.",
		"https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto")
	LawHealth = law.New(law.Call, "targets-pass-health-checks",
		"VPC Lattice sends requests to targets that pass the health check of their target group: unless set otherwise, a request for / "+
			"that ends with 200, and none for HTTP2 and GRPC. If no target passes, it fails open: broken targets get requests, too.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/target-groups.html#target-group-routing-algorithm")
	LawSignatureScope = law.New(law.Call, "signature-scope",
		"A signature is valid for service vpc-lattice-svcs in the Region of the service network, and does not cover the payload.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html")
	LawSignature = law.New(law.Call, "call-is-signed-with-the-pods-credentials",
		"A request that bypasses the signing proxy, or passes it without credentials, arrives unsigned, and VPC Lattice treats its "+
			"sender as anonymous.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html")
)
