package aws

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Service is a VPC Lattice service.
type Service struct {
	Meta
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
	Meta
	NetworkID string
	ServiceID string
}

// ServiceInput is the request of CreateService.
type ServiceInput struct {
	Name           string
	CustomDomain   string
	CertificateARN string
	AuthType       lattice.AuthType // empty: NONE
	Tags           map[string]string
}

var (
	lawServiceName = law.New(law.Lattice, "service-name-collision",
		"A service's name has 3 to 40 lower-case letters, digits and hyphens and is unique in the account and region, whichever cluster asks.",
		"https://github.com/aws/aws-application-networking-k8s/issues/453")
	lawServiceCertificate = law.New(law.Lattice, "service-certificate",
		"A service with a custom domain takes an issued RSA-2048 certificate of its region whose names cover the domain.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-byoc.html")
	lawServiceDeletion = law.New(law.Lattice, "service-has-associations",
		"A service that is associated with a service network cannot be deleted.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_DeleteService.html")
	lawServiceOnce = law.New(law.Lattice, "service-association-once",
		"A service is associated with a service network once.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetworkServiceAssociation.html")
)

// CreateService refuses a taken name with ConflictException.
func (l *Lattice) CreateService(op *world.Op, p iam.Principal, in ServiceInput) (*Service, error) {
	if err := l.allowed(op, p, access{action: "CreateService", resource: l.any("service"), requestTags: in.Tags}); err != nil {
		return nil, err
	}
	if len(in.Name) < 3 || len(in.Name) > 40 || !latticeName.MatchString(in.Name) || strings.HasPrefix(in.Name, "svc-") {
		return nil, lawServiceName.Refuse("ValidationException", "Service name %s is invalid: it must have 3 to 40 lower-case letters, digits and single hyphens, and not begin with svc-", in.Name)
	}
	for _, other := range sorted(l.a.net.services) {
		if other.Name == in.Name {
			return nil, lawServiceName.Refuse("ConflictException", "Service with name %s already exists (%s)", in.Name, other.ID)
		}
	}
	if err := l.certificateFits(op, in.CustomDomain, in.CertificateARN); err != nil {
		return nil, err
	}
	if in.AuthType == "" {
		in.AuthType = lattice.AuthNone
	}
	id := "svc-" + l.a.World.ID(l.by(op), 17)
	s := &Service{
		Meta:    Meta{URN: l.by(op), ID: id, ARN: l.a.arn("vpc-lattice", l.a.Region, l.a.ID, "service/"+id), Name: in.Name, Region: l.a.Region, Tags: in.Tags},
		DNSName: fmt.Sprintf("%s-%s.7d67968.vpc-lattice-svcs.%s.on.aws", in.Name, strings.TrimPrefix(id, "svc-"), l.a.Region), HostedZoneID: "Z09127221KTH2CFUOHIZH",
		CustomDomain: in.CustomDomain, CertificateARN: in.CertificateARN, AuthType: in.AuthType,
	}
	l.a.net.services[id] = s
	l.a.changes++
	return s, nil
}

func (l *Lattice) certificateFits(op *world.Op, domain, arn string) error {
	if arn == "" {
		return nil
	}
	c := l.a.certs.certificates[arn]
	if c == nil || c.Region != l.a.Region {
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s not found", arn)
	}
	op.DependsFor(l.by(op), c.URN, lawServiceCertificate)
	switch {
	case c.Status != "ISSUED":
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s is not issued: %s", arn, c.Status)
	case c.KeyAlgorithm != "RSA_2048":
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s has key algorithm %s, only RSA_2048 is supported", arn, c.KeyAlgorithm)
	case domain == "":
		return lawServiceCertificate.Refuse("ValidationException", "A certificate needs a custom domain name")
	case !slices.ContainsFunc(c.Names, func(n string) bool { return covers(n, domain) }):
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s does not match custom domain name %s", arn, domain)
	}
	return nil
}

// covers tells whether a certificate's name, perhaps with a wildcard for one
// label, matches a host.
func covers(name, host string) bool {
	if rest, ok := strings.CutPrefix(name, "*."); ok {
		_, parent, ok := strings.Cut(host, ".")
		return ok && strings.EqualFold(parent, rest)
	}
	return strings.EqualFold(name, host)
}

func (l *Lattice) service(idOrARN string) (*Service, error) {
	if s := l.a.net.services[tail(idOrARN, "/")]; s != nil {
		return s, nil
	}
	return nil, lawLatticeExists.Refuse("ResourceNotFoundException", "Service %s not found", idOrARN)
}

// UpdateService sets the certificate or the auth type; an empty value leaves it.
func (l *Lattice) UpdateService(op *world.Op, p iam.Principal, id, certificateARN string, auth lattice.AuthType) error {
	s, err := l.service(id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "UpdateService", resource: s.ARN, resourceTags: s.Tags}); err != nil {
		return err
	}
	if certificateARN != "" {
		if err := l.certificateFits(op, s.CustomDomain, certificateARN); err != nil {
			return err
		}
		l.a.changes++
		s.CertificateARN = certificateARN
	}
	if auth != "" && auth != s.AuthType {
		l.a.changes++
		s.AuthType = auth
	}
	return nil
}

// FindService returns nil without an error when there is no service of that name.
func (l *Lattice) FindService(p iam.Principal, name string) (*Service, error) {
	if err := l.a.Authorize(p, "vpc-lattice:ListServices", "*"); err != nil {
		return nil, err
	}
	for _, s := range sorted(l.a.net.services) {
		if s.Name == name {
			return s, l.a.Authorize(p, "vpc-lattice:ListTagsForResource", s.ARN)
		}
	}
	return nil, nil // no service is an answer, not an error
}

// DeleteService refuses with ConflictException while associations remain; it
// takes the service's listeners, rules and policy with it.
func (l *Lattice) DeleteService(op *world.Op, p iam.Principal, id string) error {
	s, err := l.service(id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteService", resource: s.ARN, resourceTags: s.Tags}); err != nil {
		return err
	}
	for _, m := range sorted(l.a.net.members) {
		if m.ServiceID == s.ID {
			return lawServiceDeletion.Refuse("ConflictException", "Service %s cannot be deleted while it has associations: %s", s.ID, m.ID)
		}
	}
	for lid, listener := range l.a.net.listeners {
		if listener.ServiceID == s.ID {
			delete(l.a.net.listeners, lid)
		}
	}
	delete(l.a.net.services, s.ID)
	l.a.changes++
	return nil
}

// AssociateService joins a service to a service network.
func (l *Lattice) AssociateService(op *world.Op, p iam.Principal, networkID, serviceID string, tags map[string]string) (*ServiceAssociation, error) {
	sn, err := l.a.network(networkID)
	if err != nil {
		return nil, err
	}
	s, err := l.service(serviceID)
	if err != nil {
		return nil, err
	}
	// The call is judged on each of the three.
	for _, resource := range []string{s.ARN, sn.ARN} {
		x := access{action: "CreateServiceNetworkServiceAssociation", requestTags: tags}
		if err := l.a.authorize(op, l.by(op), p, "vpc-lattice:"+x.action, resource, x.keys()); err != nil {
			return nil, err
		}
	}
	association := access{action: "CreateServiceNetworkServiceAssociation", resource: l.any("servicenetworkserviceassociation"), requestTags: tags}
	if err := l.allowed(op, p, association); err != nil {
		return nil, err
	}
	for _, m := range sorted(l.a.net.members) {
		if m.NetworkID == sn.ID && m.ServiceID == s.ID {
			return nil, lawServiceOnce.Refuse("ConflictException", "Service %s is already associated with service network %s (%s)", s.ID, sn.ID, m.ID)
		}
	}
	op.DependsFor(l.by(op), sn.URN, lawLatticeExists)
	id := "snsa-" + l.a.World.ID(l.by(op), 17)
	m := &ServiceAssociation{
		Meta:      Meta{URN: l.by(op), ID: id, ARN: l.a.arn("vpc-lattice", sn.Region, l.a.ID, "servicenetworkserviceassociation/"+id), Region: sn.Region, Tags: tags},
		NetworkID: sn.ID, ServiceID: s.ID,
	}
	l.a.net.members[id] = m
	l.a.changes++
	return m, nil
}

// DisassociateService removes the association.
func (l *Lattice) DisassociateService(op *world.Op, p iam.Principal, id string) error {
	m := l.a.net.members[id]
	if m == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Association %s not found", id)
	}
	if err := l.allowed(op, p, access{action: "DeleteServiceNetworkServiceAssociation", resource: m.ARN, resourceTags: m.Tags}); err != nil {
		return err
	}
	delete(l.a.net.members, id)
	l.a.changes++
	return nil
}

// ServiceAssociations lists the associations of a network or of a service; empty matches all.
func (l *Lattice) ServiceAssociations(p iam.Principal, networkID, serviceID string) ([]*ServiceAssociation, error) {
	if err := l.a.Authorize(p, "vpc-lattice:ListServiceNetworkServiceAssociations", "*"); err != nil {
		return nil, err
	}
	var out []*ServiceAssociation
	for _, m := range sorted(l.a.net.members) {
		if (networkID == "" || m.NetworkID == networkID) && (serviceID == "" || m.ServiceID == serviceID) {
			out = append(out, m)
		}
	}
	return out, nil
}
