package vpclattice

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

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
		"A service's name has 3 to 40 lower-case letters, digits and hyphens and is unique in the account and Region, across clusters.",
		"https://github.com/aws/aws-application-networking-k8s/issues/453")
	lawServiceCertificate = law.New(law.Lattice, "service-certificate",
		"A service with a custom domain takes an issued RSA-2048 certificate of its Region whose names cover the domain.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-byoc.html")
	lawServiceDeletion = law.New(law.Lattice, "service-has-associations",
		"A service that is associated with a service network cannot be deleted.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_DeleteService.html")
	lawServiceOnce = law.New(law.Lattice, "service-association-once",
		"A service is associated with a service network once.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetworkServiceAssociation.html")
)

var (
	_ = cloud.Use(ServiceAssociations, Services, cloud.InUse{Law: lawServiceDeletion, Code: "ConflictException",
		Format: "Service %[1]s cannot be deleted while it has associations: %[2]s",
	}, func(m *ServiceAssociation) []string { return []string{m.ServiceID} }, func(m *ServiceAssociation) string { return m.ID })
	_ = cloud.Use(Services, acm.Certificates, acm.InUse, func(s *Service) []string { return []string{s.CertificateARN} },
		func(s *Service) string { return "VPC Lattice service " + s.ID + " " + s.Name })
)

// CreateService refuses a taken name with ConflictException.
func (l *Lattice) CreateService(op *world.Op, p iam.Principal, in ServiceInput) (*Service, error) {
	if err := l.allowed(op, p, access{action: "CreateService", resource: l.any("service"), requestTags: in.Tags}); err != nil {
		return nil, err
	}
	if len(in.Name) < 3 || len(in.Name) > 40 || !validName.MatchString(in.Name) || strings.HasPrefix(in.Name, "svc-") {
		return nil, lawServiceName.Refuse("ValidationException", "Service name %s is invalid: "+
			"it must have 3 to 40 lower-case letters, digits and single hyphens, and not begin with svc-", in.Name)
	}
	if other := l.service(in.Name); other != nil {
		return nil, lawServiceName.Refuse("ConflictException", "Service with name %s already exists (%s)", in.Name, other.ID)
	}
	if err := l.certificateFits(op, in.CustomDomain, in.CertificateARN); err != nil {
		return nil, err
	}
	if in.AuthType == "" {
		in.AuthType = lattice.AuthNone
	}
	s := &Service{
		Meta: l.created(op, "svc", "service", in.Name, in.Tags), HostedZoneID: "Z09127221KTH2CFUOHIZH",
		CustomDomain: in.CustomDomain, CertificateARN: in.CertificateARN, AuthType: in.AuthType,
	}
	s.DNSName = fmt.Sprintf("%s-%s.7d67968.vpc-lattice-svcs.%s.on.aws", in.Name, strings.TrimPrefix(s.ID, "svc-"), s.Region)
	Services.Put(l.account, s)
	l.account.Change()
	return s, nil
}

// service finds one by name, or returns nil.
func (l *Lattice) service(name string) *Service {
	all := Services.All(l.account)
	at := slices.IndexFunc(all, func(s *Service) bool { return s.Name == name })
	if at < 0 {
		return nil
	}
	return all[at]
}

func (l *Lattice) certificateFits(op *world.Op, domain, arn string) error {
	if arn == "" {
		return nil
	}
	c := acm.Certificates.Get(l.account, arn)
	if c == nil || c.Region != l.account.Region {
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s not found", arn)
	}
	op.DependsFor(l.by(op), c.URN, lawServiceCertificate)
	switch {
	case c.Status != "ISSUED":
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s is not issued: %s", arn, c.Status)
	case c.KeyAlgorithm != "RSA_2048":
		return lawServiceCertificate.Refuse("ValidationException",
			"Certificate %s has key algorithm %s, only RSA_2048 is supported", arn, c.KeyAlgorithm)
	case domain == "":
		return lawServiceCertificate.Refuse("ValidationException", "A certificate needs a custom domain name")
	case !slices.ContainsFunc(c.Names, func(n string) bool { return covers(n, domain) }):
		return lawServiceCertificate.Refuse("ValidationException", "Certificate %s does not match custom domain name %s", arn, domain)
	}
	return nil
}

// covers reports whether a certificate's name, perhaps with a wildcard for one
// label, matches a host.
func covers(name, host string) bool {
	if rest, ok := strings.CutPrefix(name, "*."); ok {
		_, parent, ok := strings.Cut(host, ".")
		return ok && strings.EqualFold(parent, rest)
	}
	return strings.EqualFold(name, host)
}

// UpdateService sets the certificate or the auth type; an empty value leaves it.
func (l *Lattice) UpdateService(op *world.Op, p iam.Principal, id, certificateARN string, auth lattice.AuthType) error {
	s, err := byIDOrARN(l.account, Services, id)
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
		l.account.Change()
		s.CertificateARN = certificateARN
	}
	if auth != "" && auth != s.AuthType {
		l.account.Change()
		s.AuthType = auth
	}
	return nil
}

// FindService returns nil without an error when no service has that name.
func (l *Lattice) FindService(p iam.Principal, name string) (*Service, error) {
	if err := l.account.Authorize(p, "vpc-lattice:ListServices", "*"); err != nil {
		return nil, err
	}
	s := l.service(name)
	if s == nil {
		return s, nil
	}
	return s, l.account.Authorize(p, "vpc-lattice:ListTagsForResource", s.ARN)
}

// DeleteService refuses with ConflictException while associations remain; it
// deletes the service's listeners, rules and policy with it.
func (l *Lattice) DeleteService(op *world.Op, p iam.Principal, id string) error {
	s, err := byIDOrARN(l.account, Services, id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteService", resource: s.ARN, resourceTags: s.Tags}); err != nil {
		return err
	}
	if err := Services.Free(l.account, s.ID); err != nil {
		return err
	}
	for _, listener := range ListenersOf(l.account, s.ID) {
		Listeners.Delete(l.account, listener.ID)
	}
	Services.Delete(l.account, s.ID)
	l.account.Change()
	return nil
}

// AssociateService joins a service to a service network.
func (l *Lattice) AssociateService(op *world.Op, p iam.Principal, networkID, serviceID string,
	tags map[string]string) (*ServiceAssociation, error) {
	sn, err := byIDOrARN(l.account, Networks, networkID)
	if err != nil {
		return nil, err
	}
	s, err := byIDOrARN(l.account, Services, serviceID)
	if err != nil {
		return nil, err
	}
	// The call is judged on each of the three.
	const action = "CreateServiceNetworkServiceAssociation"
	for _, resource := range []string{s.ARN, sn.ARN} {
		x := access{action: action, requestTags: tags}
		if err := l.account.AuthorizeFor(op, l.by(op), p, "vpc-lattice:"+action, resource, x.keys()); err != nil {
			return nil, err
		}
	}
	if err := l.allowed(op, p, access{action: action, resource: l.any("servicenetworkserviceassociation"), requestTags: tags}); err != nil {
		return nil, err
	}
	for _, m := range ServiceAssociations.All(l.account) {
		if m.NetworkID == sn.ID && m.ServiceID == s.ID {
			return nil, lawServiceOnce.Refuse("ConflictException",
				"Service %s is already associated with service network %s (%s)", s.ID, sn.ID, m.ID)
		}
	}
	op.DependsFor(l.by(op), sn.URN, lawExists)
	m := &ServiceAssociation{Meta: l.created(op, "snsa", "servicenetworkserviceassociation", "", tags), NetworkID: sn.ID, ServiceID: s.ID}
	ServiceAssociations.Put(l.account, m)
	l.account.Change()
	return m, nil
}

// DisassociateService deletes the association.
func (l *Lattice) DisassociateService(op *world.Op, p iam.Principal, id string) error {
	m, err := byIDOrARN(l.account, ServiceAssociations, id)
	if err != nil {
		return err
	}
	x := access{action: "DeleteServiceNetworkServiceAssociation", resource: m.ARN, resourceTags: m.Tags}
	if err := l.allowed(op, p, x); err != nil {
		return err
	}
	ServiceAssociations.Delete(l.account, m.ID)
	l.account.Change()
	return nil
}

// ServiceAssociations lists the associations of a network or of a service; empty
// matches all.
func (l *Lattice) ServiceAssociations(p iam.Principal, networkID, serviceID string) ([]*ServiceAssociation, error) {
	if err := l.account.Authorize(p, "vpc-lattice:ListServiceNetworkServiceAssociations", "*"); err != nil {
		return nil, err
	}
	return ServiceAssociations.Where(l.account, func(m *ServiceAssociation) bool {
		return (networkID == "" || m.NetworkID == networkID) && (serviceID == "" || m.ServiceID == serviceID)
	}), nil
}
