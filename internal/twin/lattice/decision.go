// Package lattice decides requests to VPC Lattice services as VPC Lattice does,
// without any state of its own.
package lattice

import "eks-lattice/internal/twin/iam"

// AuthType says whether a service network or a service checks requests.
type AuthType string

// The two authentication types of VPC Lattice.
const (
	AuthNone AuthType = "NONE"
	AuthIAM  AuthType = "AWS_IAM"
)

// Request is one HTTP request as Lattice sees it.
type Request struct {
	Principal         iam.Principal
	Signed            bool
	ServiceARN        string
	ServiceNetworkARN string
	SourceVPC         string // the VPC's id
	SourceVPCOwner    string // the VPC's account
	Method            string // empty: GET
	Path              string // empty: "/"
	Host              string
	Port              int
	Headers           map[string]string
	Query             map[string]string
}

// Decision is Lattice's answer to whether a request may pass.
type Decision struct {
	Allowed   bool
	Status    int    // 200 or 403
	Message   string // Lattice's sentence when refused
	DecidedBy string // "service-based policy", "network-based policy", "identity-based policy", "anonymous", ...
}
