package aws

import (
	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
)

// AccountSnapshot is the account as data: what a data plane is built from after a
// rehearsal.
type AccountSnapshot struct {
	Account      string                `json:"account"`
	Region       string                `json:"region"`
	Networks     []NetworkSnapshot     `json:"serviceNetworks"`
	Services     []ServiceSnapshot     `json:"services"`
	Zones        []ZoneSnapshot        `json:"zones"`
	Certificates []CertificateSnapshot `json:"certificates"`
	Roles        []RoleSnapshot        `json:"roles"`
	Clusters     []ClusterSnapshot     `json:"clusters"`
}

// NetworkSnapshot is a service network with its members.
type NetworkSnapshot struct {
	ID       string           `json:"id"`
	ARN      string           `json:"arn"`
	Name     string           `json:"name"`
	AuthType lattice.AuthType `json:"authType"`
	Policy   string           `json:"policy,omitempty"`
	VPCs     []string         `json:"vpcs"`
	Services []string         `json:"services"`
}

// ServiceSnapshot is a service with all that answers for it.
type ServiceSnapshot struct {
	ID             string             `json:"id"`
	ARN            string             `json:"arn"`
	Name           string             `json:"name"`
	DNSName        string             `json:"dnsName"`
	CustomDomain   string             `json:"customDomain,omitempty"`
	CertificateARN string             `json:"certificateArn,omitempty"`
	AuthType       lattice.AuthType   `json:"authType"`
	Policy         string             `json:"policy,omitempty"`
	Tags           map[string]string  `json:"tags,omitempty"`
	Listeners      []ListenerSnapshot `json:"listeners"`
}

// ListenerSnapshot is a listener with the targets of its rules, default last.
type ListenerSnapshot struct {
	Protocol string           `json:"protocol"`
	Port     int              `json:"port"`
	Targets  []TargetSnapshot `json:"targets"`
}

// TargetSnapshot is one target.
type TargetSnapshot struct {
	VPC  string `json:"vpc"`
	IP   string `json:"ip"`
	Port int    `json:"port"`
	Pod  string `json:"pod,omitempty"`
}

// ZoneSnapshot is a private zone.
type ZoneSnapshot struct {
	ID      string           `json:"id"`
	Name    string           `json:"name"`
	VPCs    []string         `json:"vpcs"`
	Records []route53.Record `json:"records"`
}

// CertificateSnapshot is a certificate with its key: a data plane serves it.
type CertificateSnapshot struct {
	ARN           string   `json:"arn"`
	Names         []string `json:"names"`
	CertPEM       string   `json:"certificatePem"`
	ChainPEM      string   `json:"chainPem"`
	PrivateKeyPEM string   `json:"privateKeyPem"`
}

// RoleSnapshot is a role with its policies.
type RoleSnapshot struct {
	ARN      string         `json:"arn"`
	Name     string         `json:"name"`
	Trust    string         `json:"trust"`
	Policies []iam.Document `json:"policies"`
}

// ClusterSnapshot is a cluster with its network and identities.
type ClusterSnapshot struct {
	Name            string                `json:"name"`
	ARN             string                `json:"arn"`
	Endpoint        string                `json:"endpoint"`
	VPC             string                `json:"vpc"`
	CIDR            string                `json:"cidr"`
	SecurityGroupID string                `json:"securityGroupId"`
	Associations    []AssociationSnapshot `json:"podIdentityAssociations"`
}

// AssociationSnapshot is a Pod Identity association.
type AssociationSnapshot struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	RoleARN        string `json:"roleArn"`
}

// Snapshot copies the account's state.
func (a *Account) Snapshot() AccountSnapshot {
	s := AccountSnapshot{Account: a.ID, Region: a.Region}
	for _, sn := range vpclattice.Networks.All(a.Account) {
		s.Networks = append(s.Networks, a.networkSnapshot(sn))
	}
	for _, svc := range vpclattice.Services.All(a.Account) {
		s.Services = append(s.Services, a.serviceSnapshot(svc))
	}
	for _, z := range route53.Zones.All(a.Account) {
		zs := ZoneSnapshot{ID: z.ID, Name: z.Name, Records: append([]route53.Record{}, z.Records...), VPCs: []string{}}
		for _, v := range z.VPCs {
			zs.VPCs = append(zs.VPCs, v.VPCID)
		}
		s.Zones = append(s.Zones, zs)
	}
	for _, c := range acm.Certificates.All(a.Account) {
		s.Certificates = append(s.Certificates, CertificateSnapshot{ARN: c.ARN, Names: c.Names, CertPEM: c.CertPEM, ChainPEM: c.ChainPEM,
			PrivateKeyPEM: c.PrivateKeyPEM})
	}
	for _, role := range roles.Roles.All(a.Account) {
		s.Roles = append(s.Roles, RoleSnapshot{ARN: role.ARN, Name: role.Name, Trust: role.Trust, Policies: roles.Documents(a.Account, role)})
	}
	for _, c := range a.EKS.Clusters() {
		cs := ClusterSnapshot{Name: c.Name, ARN: c.ARN, Endpoint: c.Endpoint, VPC: c.VPCID,
			CIDR: ec2.VPCs.Get(a.Account, c.VPCID).CIDR.String(), SecurityGroupID: c.SecurityGroupID, Associations: []AssociationSnapshot{}}
		for _, p := range a.EKS.Associations(c.Name) {
			cs.Associations = append(cs.Associations, AssociationSnapshot{Namespace: p.Namespace, ServiceAccount: p.ServiceAccount,
				RoleARN: p.RoleARN})
		}
		s.Clusters = append(s.Clusters, cs)
	}
	return s
}

func (a *Account) networkSnapshot(sn *vpclattice.ServiceNetwork) NetworkSnapshot {
	n := NetworkSnapshot{ID: sn.ID, ARN: sn.ARN, Name: sn.Name, AuthType: sn.AuthType, Policy: sn.Policy, VPCs: []string{},
		Services: []string{}}
	for _, v := range vpclattice.VPCAssociations.All(a.Account) {
		if v.NetworkID == sn.ID {
			n.VPCs = append(n.VPCs, v.VPCID)
		}
	}
	for _, m := range vpclattice.ServiceAssociations.All(a.Account) {
		if m.NetworkID == sn.ID {
			n.Services = append(n.Services, m.ServiceID)
		}
	}
	return n
}

func (a *Account) serviceSnapshot(svc *vpclattice.Service) ServiceSnapshot {
	s := ServiceSnapshot{ID: svc.ID, ARN: svc.ARN, Name: svc.Name, DNSName: svc.DNSName, CustomDomain: svc.CustomDomain,
		CertificateARN: svc.CertificateARN, AuthType: svc.AuthType, Policy: svc.Policy, Tags: svc.Tags, Listeners: []ListenerSnapshot{}}
	for _, l := range vpclattice.ListenersOf(a.Account, svc.ID) {
		ls := ListenerSnapshot{Protocol: l.Protocol, Port: l.Port, Targets: []TargetSnapshot{}}
		for _, action := range l.Actions() {
			for _, w := range action.TargetGroups {
				tg := vpclattice.TargetGroups.Get(a.Account, w.ID)
				for _, t := range tg.Targets {
					ls.Targets = append(ls.Targets, TargetSnapshot{VPC: tg.VPCID, IP: t.IP, Port: t.Port, Pod: t.Pod})
				}
			}
		}
		s.Listeners = append(s.Listeners, ls)
	}
	return s
}
