package aws

import (
	"net/netip"
	"slices"
	"strings"

	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
)

// Call is a request of a pod to a name behind VPC Lattice.
type Call struct {
	lattice.Request
	Scheme   string // "http", "https": what arrives at Lattice
	SNI      string // https only
	Address  string // the DNS name of VPC Lattice that Resolve gave
	SourceIP string
	// Blocked names the law by which a target's own network keeps VPC Lattice's
	// requests and health checks out, or none. It may be nil.
	Blocked func(*Target) law.Law
}

// Answer is how far a Call came.
type Answer struct {
	Status    int    // 0: no HTTP answer at all
	Message   string // Lattice's own body, or what the client's connection reports
	DecidedBy string // the step that refused, or the one that allowed
	Service   *Service
	Target    *Target // who gets the request when it is allowed
	TargetVPC string
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
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html; what a caller sees is modelled: a timeout, and a target without health checks")
	lawServiceNames = law.New(law.Lattice, "service-custom-domain-fixed",
		"A service answers under the name that VPC Lattice gives it and under the custom domain that it was made with, which cannot be changed.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-custom-domain-name.html")
	lawCallGroups = law.New(law.Call, "association-groups-admit-clients",
		"Security groups of a VPC association, when there are any, must admit the client.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html")
	lawCallListener = law.New(law.Call, "call-needs-listener",
		"A service answers on the ports and protocols of its listeners only.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/listeners.html")
	lawCallTargets = law.New(law.Call, "targets-admit-lattice",
		"Targets get requests only when their security group admits VPC Lattice's prefix list to their port over TCP.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html")
	lawCallAuth = law.New(law.Call, "call-authorization",
		"Identity policy, service network policy and service policy must each allow a request; AWS_IAM without a policy denies all.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html")
)

// Call takes a request through the data path: the caller's VPC's service
// network, service, listener, auth policies, rule, healthy target.
func (a *Account) Call(c Call) Answer {
	assoc := a.associationOf(c.SourceVPC)
	if assoc == nil {
		return timedOut(ByAssociation, lawCallNetwork)
	}
	if !a.latticeAt(c.SourceVPC, c.SourceIP) {
		return timedOut(ByAssociation, lawCallZone)
	}
	svc := a.serviceAt(assoc.NetworkID, c)
	if svc == nil && c.Scheme == "https" {
		return Answer{DecidedBy: ByName, Message: "connection reset by peer", Law: lawServiceNames}
	}
	if svc == nil {
		return Answer{Status: 404, DecidedBy: ByName, Message: "Not Found", Law: lawServiceNames}
	}
	if !a.groupsAdmit(assoc, c) {
		return timedOut(ByAssociation, lawCallGroups)
	}
	var listener *Listener
	for _, l := range a.listenersOf(svc.ID) {
		if l.Port == c.Port && strings.EqualFold(l.Protocol, c.Scheme) {
			listener = l
		}
	}
	if listener == nil {
		return Answer{Service: svc, DecidedBy: ByListener, Message: "connection reset by peer", Law: lawCallListener}
	}
	sn := a.net.networks[assoc.NetworkID]
	c.ServiceARN, c.ServiceNetworkARN, c.SourceVPCOwner = svc.ARN, sn.ARN, a.ID
	d := lattice.Authorize(c.Request, sn.AuthType, sn.Policy, svc.AuthType, svc.Policy)
	if !d.Allowed {
		return Answer{Status: d.Status, Message: d.Message, DecidedBy: d.DecidedBy, Service: svc, Law: lawCallAuth}
	}
	return a.forward(svc, listener.action(c), d, c.Blocked)
}

func timedOut(by string, l law.Law) Answer {
	return Answer{DecidedBy: by, Message: "connection timed out", Law: l}
}

// serviceAt finds the service of a network that a request names: by SNI over
// TLS, by Host otherwise, under its custom domain or its own name.
func (a *Account) serviceAt(networkID string, c Call) *Service {
	name := c.Host
	if c.Scheme == "https" && c.SNI != "" {
		name = c.SNI
	}
	name, _, _ = strings.Cut(strings.TrimSuffix(name, "."), ":")
	for _, m := range sorted(a.net.members) {
		svc := a.net.services[m.ServiceID]
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

// latticeAt tells whether VPC Lattice works in the zone of an address of a VPC.
func (a *Account) latticeAt(vpcID, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	for _, s := range a.ec2.subnets {
		if err == nil && s.VPCID == vpcID && s.CIDR.Contains(addr) {
			return !slices.Contains(zonesWithoutLattice, zoneID(s.Zone))
		}
	}
	return true
}

// groupsAdmit asks the association's security groups whether the client may in.
func (a *Account) groupsAdmit(assoc *VPCAssociation, c Call) bool {
	if len(assoc.SecurityGroupIDs) == 0 {
		return true
	}
	source, err := netip.ParseAddr(c.SourceIP)
	for _, id := range assoc.SecurityGroupIDs {
		for _, rule := range a.ec2.groups[id].Rules {
			if rule.Egress || !rule.admitsTCP(c.Port) {
				continue
			}
			block, blockErr := netip.ParsePrefix(rule.Peer)
			if err == nil && blockErr == nil && block.Contains(source) || slices.Contains(a.groupsAt(assoc.VPCID, c.SourceIP), rule.Peer) {
				return true
			}
		}
	}
	return false
}

// groupsAt returns the security groups that a pod or node at an address of a
// VPC carries: those of the node groups in the address's subnet.
func (a *Account) groupsAt(vpcID, ip string) []string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return nil
	}
	var out []string
	for _, c := range a.Clusters() {
		if c.VPCID != vpcID {
			continue
		}
		for _, ng := range a.NodeGroups(c.Name) {
			for _, id := range ng.SubnetIDs {
				if s := a.ec2.subnets[id]; s != nil && s.CIDR.Contains(addr) {
					out = append(out, ng.GroupIDs...)
				}
			}
		}
	}
	return unique(out)
}

// action picks the rule that a request meets first.
func (listener *Listener) action(c Call) RuleAction {
	path := c.Path
	if path == "" {
		path = "/"
	}
	for _, rule := range listener.Rules {
		switch {
		case rule.Method != "" && !strings.EqualFold(rule.Method, c.Method):
		case rule.PathExact != "" && rule.PathExact != path:
		case rule.PathPrefix != "" && !hasPathPrefix(path, rule.PathPrefix):
		case !headersMatch(rule.Headers, c.Headers):
		default:
			return rule.Action
		}
	}
	return listener.Default
}

func hasPathPrefix(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func headersMatch(want, have map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// forward picks a target: of the group with the largest weight, the first one
// that VPC Lattice reaches.
func (a *Account) forward(svc *Service, action RuleAction, d lattice.Decision, blocked func(*Target) law.Law) Answer {
	if len(action.TargetGroups) == 0 {
		if action.FixedStatus == 0 {
			action.FixedStatus = 404
		}
		return Answer{Status: action.FixedStatus, DecidedBy: ByListener, Service: svc, Message: "Not Found", Law: lawCallListener}
	}
	best := action.TargetGroups[0]
	for _, w := range action.TargetGroups {
		if w.Weight > best.Weight {
			best = w
		}
	}
	tg := a.net.targets[best.ID]
	broken := lawCallTargets
	for i := range tg.Targets {
		t := &tg.Targets[i]
		if !a.latticeAt(tg.VPCID, t.IP) {
			broken = lawCallZone
			continue
		}
		if blocked != nil {
			if l := blocked(t); l.ID != "" {
				broken = l
				continue
			}
		}
		for _, group := range a.groupsAt(tg.VPCID, t.IP) {
			if _, ok := a.PrefixListReachable(group, 4, t.Port); ok {
				return Answer{Status: 200, DecidedBy: d.DecidedBy, Service: svc, Target: t, TargetVPC: tg.VPCID}
			}
		}
	}
	return Answer{Status: 503, DecidedBy: ByTargets, Service: svc, Message: "Service Unavailable [law " + broken.ID + "]", Law: broken}
}
