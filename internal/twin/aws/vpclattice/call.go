package vpclattice

import (
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/eks"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
)

// Call is a request of a pod to a name behind VPC Lattice.
type Call struct {
	lattice.Request
	Scheme   string // "http", "https": what arrives at Lattice
	GRPC     bool   // the request is a gRPC call
	SNI      string // https only
	Address  string // the DNS name of VPC Lattice that Resolve gave
	SourceIP string
	// Blocked names the law by which a target's own network keeps VPC Lattice's
	// requests and health checks out, or none. It may be nil.
	Blocked func(*Target) law.Law
	// Answers is the status with which a target answers a health check, 0 for none.
	// It may be nil.
	Answers func(*Target, HealthCheck) int
}

// Answer is how far a Call came.
type Answer struct {
	Status    int    // 0: no HTTP answer at all
	Message   string // Lattice's own body, or what the client's connection reports
	DecidedBy string // the step that refused, or the one that allowed
	Service   *Service
	Target    *Target // gets the request when it is allowed
	TargetVPC string
	// FailsOpen is the health check that no target of the group passes, if the
	// request was forwarded nevertheless.
	FailsOpen *HealthCheck
	Law       law.Law // the law that refused
}

// The steps of a call that can refuse it before the auth policies do, and after.
const (
	ByAssociation = "service network association"
	ByName        = "service"
	ByListener    = "listener"
	ByTargets     = "targets"
)

var (
	lawCallNetwork = law.New(law.Call, "call-needs-association",
		"Only a VPC that is associated with the service's network reaches the service.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-network-associations.html")
	lawCallZone = law.New(law.Call, "zones-without-lattice",
		"VPC Lattice connects neither callers nor targets in an availability zone that it does not support; AWS lists these zones by their ids.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html; "+
			"what a caller sees is modelled: a timeout, and a target without health checks")
	lawServiceNames = law.New(law.Lattice, "service-custom-domain-fixed",
		"A service answers under the name that VPC Lattice gives it and under the custom domain that it was created with, which "+
			"cannot be changed.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-custom-domain-name.html")
	lawCallGroups = law.New(law.Call, "association-groups-admit-clients",
		"The security groups of a VPC association, if any, must admit the client.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html")
	lawCallListener = law.New(law.Call, "call-needs-listener",
		"A service answers only on the ports and protocols of its listeners.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/listeners.html")
	lawCallTargets = law.New(law.Call, "targets-admit-lattice",
		"Targets get requests only when their security group admits VPC Lattice's prefix list to their port over TCP.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html")
	lawCallAuth = law.New(law.Call, "call-authorization",
		"Identity policy, service network policy and service policy must each allow a request; AWS_IAM without a policy denies all.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html")
)

// Send takes a request through the data path: the caller's VPC's service
// network, service, listener, auth policies, rule, healthy target.
func Send(a *cloud.Account, c Call) Answer {
	association := associationOf(a, c.SourceVPC)
	if association == nil {
		return timedOut(ByAssociation, lawCallNetwork)
	}
	if !latticeAt(a, c.SourceVPC, c.SourceIP) {
		return timedOut(ByAssociation, lawCallZone)
	}
	svc := serviceAt(a, association.NetworkID, c)
	if svc == nil && c.Scheme == "https" {
		return Answer{DecidedBy: ByName, Message: "connection reset by peer", Law: lawServiceNames}
	}
	if svc == nil {
		return Answer{Status: 404, DecidedBy: ByName, Message: "Not Found", Law: lawServiceNames}
	}
	if !groupsAdmit(a, association, c) {
		return timedOut(ByAssociation, lawCallGroups)
	}
	all := ListenersOf(a, svc.ID)
	at := slices.IndexFunc(all, func(l *Listener) bool { return l.Port == c.Port && strings.EqualFold(l.Protocol, c.Scheme) })
	if at < 0 {
		return Answer{Service: svc, DecidedBy: ByListener, Message: "connection reset by peer", Law: lawCallListener}
	}
	sn := Networks.Get(a, association.NetworkID)
	c.ServiceARN, c.ServiceNetworkARN, c.SourceVPCOwner = svc.ARN, sn.ARN, a.ID
	d := lattice.Authorize(c.Request, sn.AuthType, sn.Policy, svc.AuthType, svc.Policy)
	if !d.Allowed {
		return Answer{Status: d.Status, Message: d.Message, DecidedBy: d.DecidedBy, Service: svc, Law: lawCallAuth}
	}
	answer := all[at].forward(a, all[at].match(c), c)
	answer.Service = svc
	if answer.Target != nil {
		answer.DecidedBy = d.DecidedBy
	}
	return answer
}

func timedOut(by string, l law.Law) Answer {
	return Answer{DecidedBy: by, Message: "connection timed out", Law: l}
}

// serviceAt finds the service of a network that a request names: by SNI over
// TLS, by Host otherwise, under its custom domain or its own name.
func serviceAt(a *cloud.Account, networkID string, c Call) *Service {
	name := c.Host
	if c.Scheme == "https" && c.SNI != "" {
		name = c.SNI
	}
	name, _, _ = strings.Cut(strings.TrimSuffix(name, "."), ":")
	for _, m := range ServiceAssociations.All(a) {
		svc := Services.Get(a, m.ServiceID)
		if m.NetworkID == networkID && svc != nil && (strings.EqualFold(svc.CustomDomain, name) || strings.EqualFold(svc.DNSName, name)) {
			return svc
		}
	}
	return nil
}

// zonesWithoutLattice are ids: https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html
var zonesWithoutLattice = []string{
	"use1-az3", "usw1-az2", "apne1-az3", "apne2-az2", "euc1-az2", "euw1-az4", "cac1-az3", "ilc1-az2",
}

// latticeAt reports whether VPC Lattice works in the zone of an address of a VPC.
func latticeAt(a *cloud.Account, vpcID, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	for _, s := range ec2.Subnets.All(a) {
		if err == nil && s.VPCID == vpcID && s.CIDR.Contains(addr) {
			return !slices.Contains(zonesWithoutLattice, ec2.ZoneID(s.Zone))
		}
	}
	return true
}

// groupsAdmit asks the association's security groups whether they admit the client.
func groupsAdmit(a *cloud.Account, association *VPCAssociation, c Call) bool {
	if len(association.SecurityGroupIDs) == 0 {
		return true
	}
	source, _ := netip.ParseAddr(c.SourceIP) // no block contains an address that is none
	_, ok := ec2.Admits(a, association.SecurityGroupIDs, source, c.Port, groupsAt(a, association.VPCID, c.SourceIP)...)
	return ok
}

// groupsAt returns the security groups that a pod or node at an address of a
// VPC carries: those of the node groups in the address's subnet.
func groupsAt(a *cloud.Account, vpcID, ip string) []string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return nil
	}
	var out []string
	service := eks.EKS{Account: a}
	for _, c := range service.Clusters() {
		if c.VPCID != vpcID {
			continue
		}
		for _, ng := range service.NodeGroups(c.Name) {
			for _, id := range ng.SubnetIDs {
				if s := ec2.Subnets.Get(a, id); s != nil && s.CIDR.Contains(addr) {
					out = append(out, ng.GroupIDs...)
				}
			}
		}
	}
	return cloud.Unique(out)
}

// reaches reports whether VPC Lattice reaches a target, and if not, by which law.
func reaches(a *cloud.Account, vpcID string, t *Target, blocked func(*Target) law.Law) (law.Law, bool) {
	if !latticeAt(a, vpcID, t.IP) {
		return lawCallZone, false
	}
	if blocked != nil {
		if l := blocked(t); l.ID != "" {
			return l, false
		}
	}
	for _, group := range groupsAt(a, vpcID, t.IP) {
		if _, ok := ec2.PrefixListReachable(a, group, 4, t.Port); ok {
			return law.Law{}, true
		}
	}
	return lawCallTargets, false
}
