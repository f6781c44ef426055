// Package vpclattice is VPC Lattice: its control plane, which programs and
// controllers call, and its data path.
package vpclattice

import (
	"regexp"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
)

// ServiceNetwork is a VPC Lattice service network.
type ServiceNetwork struct {
	cloud.Meta
	AuthType lattice.AuthType
	Policy   string // the auth policy's text, empty for none
	PolicyBy string // the URN that put the policy
}

// VPCAssociation joins a VPC to a service network.
type VPCAssociation struct {
	cloud.Meta
	NetworkID        string
	VPCID            string
	SecurityGroupIDs []string
}

// Service is a VPC Lattice service.
type Service struct {
	cloud.Meta
	DNSName        string // "<name>-<id>.<hash>.vpc-lattice-svcs.<region>.on.aws"
	HostedZoneID   string
	CustomDomain   string
	CertificateARN string
	AuthType       lattice.AuthType
	Policy         string
	PolicyBy       string
}

// ServiceAssociation joins a service to a service network.
type ServiceAssociation struct {
	cloud.Meta
	NetworkID string
	ServiceID string
}

// TargetGroup is a VPC Lattice target group of type IP.
type TargetGroup struct {
	cloud.Meta
	VPCID           string
	Protocol        string
	ProtocolVersion string // HTTP1, HTTP2 or GRPC
	HealthCheck     HealthCheck
	Port            int
	Targets         []Target
}

// Target is one pod.
type Target struct {
	IP   string
	Port int
	Pod  string // opaque to AWS: who answers there
}

// Listener is a listener of a service, with its rules in order of priority.
type Listener struct {
	cloud.Meta
	ServiceID string
	Protocol  string // "HTTP", "HTTPS"
	Port      int
	Default   RuleAction
	Rules     []*Rule

	requests uint64 // that it has distributed by weight
}

// Rule sends matching requests of a listener to target groups.
type Rule struct {
	cloud.Meta
	Priority   int
	PathPrefix string // empty: all
	PathExact  string
	Method     string
	Headers    map[string]string
	Action     RuleAction
}

// RuleAction forwards to target groups or answers with a status.
type RuleAction struct {
	FixedStatus  int // 0: forward
	TargetGroups []WeightedTargetGroup
}

// WeightedTargetGroup is one share of a forward action.
type WeightedTargetGroup struct {
	ID     string
	Weight int
}

// AccessLogSubscription sends the access log of a service network or a service
// to a log group.
type AccessLogSubscription struct {
	cloud.Meta
	ResourceARN    string
	DestinationARN string
}

var lawExists = law.New(law.Lattice, "lattice-references-exist",
	"Service networks, services, target groups, VPCs and security groups that a request to VPC Lattice names must exist.",
	"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/CommonErrors.html")

func missing(what string) cloud.Missing {
	return cloud.Missing{Law: lawExists, Code: "ResourceNotFoundException", Format: what + " %s not found"}
}

// The tables of VPC Lattice, by id.
var (
	Networks            = cloud.NewTable[*ServiceNetwork]("vpc-lattice service network", missing("Service network"))
	VPCAssociations     = cloud.NewTable[*VPCAssociation]("vpc-lattice vpc association", missing("Association"))
	Services            = cloud.NewTable[*Service]("vpc-lattice service", missing("Service"))
	ServiceAssociations = cloud.NewTable[*ServiceAssociation]("vpc-lattice service association", missing("Association"))
	TargetGroups        = cloud.NewTable[*TargetGroup]("vpc-lattice target group", missing("Target group"))
	Listeners           = cloud.NewTable[*Listener]("vpc-lattice listener", missing("Listener"))
	Subscriptions       = cloud.NewTable[*AccessLogSubscription]("vpc-lattice access log subscription", cloud.Missing{})
)

// byIDOrARN finds a record by either.
func byIDOrARN[T cloud.Record](a *cloud.Account, t *cloud.Table[T], idOrARN string) (T, error) {
	var none T
	found := t.Get(a, cloud.Tail(idOrARN, "/"))
	if found == none {
		return none, t.NotFound(idOrARN)
	}
	return found, nil
}

// info finds what all records of VPC Lattice have, by ARN.
func info(a *cloud.Account, arn string) (*cloud.Meta, error) {
	id := cloud.Tail(arn, "/")
	switch prefix, _, _ := strings.Cut(id, "-"); {
	case prefix == "sn" && Networks.Get(a, id) != nil:
		return Networks.Get(a, id).Info(), nil
	case prefix == "snva" && VPCAssociations.Get(a, id) != nil:
		return VPCAssociations.Get(a, id).Info(), nil
	case prefix == "snsa" && ServiceAssociations.Get(a, id) != nil:
		return ServiceAssociations.Get(a, id).Info(), nil
	case prefix == "svc" && Services.Get(a, id) != nil:
		return Services.Get(a, id).Info(), nil
	case prefix == "tg" && TargetGroups.Get(a, id) != nil:
		return TargetGroups.Get(a, id).Info(), nil
	case prefix == "listener" && Listeners.Get(a, id) != nil:
		return Listeners.Get(a, id).Info(), nil
	}
	return nil, notFound(arn)
}

func notFound(resource string) error {
	return lawExists.Refuse("ResourceNotFoundException", "Resource %s not found", resource)
}

var validName = regexp.MustCompile(`^[a-z0-9](?:-?[a-z0-9])*$`)
