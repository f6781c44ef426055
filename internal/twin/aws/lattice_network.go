package aws

import (
	"regexp"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// latticeState is what VPC Lattice keeps.
type latticeState struct {
	networks  map[string]*ServiceNetwork
	vpcs      map[string]*VPCAssociation
	services  map[string]*Service
	members   map[string]*ServiceAssociation
	listeners map[string]*Listener
	targets   map[string]*TargetGroup
	accessLog map[string]*AccessLogSubscription
}

func newLattice() latticeState {
	return latticeState{
		networks:  map[string]*ServiceNetwork{},
		vpcs:      map[string]*VPCAssociation{},
		services:  map[string]*Service{},
		members:   map[string]*ServiceAssociation{},
		listeners: map[string]*Listener{},
		targets:   map[string]*TargetGroup{},
		accessLog: map[string]*AccessLogSubscription{},
	}
}

// Lattice is VPC Lattice's control plane. Each call is made as a principal and
// checked against its identity policies.
type Lattice struct {
	a   *Account
	urn string
}

// Lattice returns VPC Lattice's control plane for a controller that works for
// the resource urn: what it makes is kept under that name, and what it relies on
// is needed by it. An empty urn stands for the operation's own.
func (a *Account) Lattice(urn string) *Lattice { return &Lattice{a: a, urn: urn} }

// by names the resource that a call is made for.
func (l *Lattice) by(op *world.Op) string {
	if l.urn != "" {
		return l.urn
	}
	return op.URN
}

// ServiceNetwork is a VPC Lattice service network.
type ServiceNetwork struct {
	Meta
	AuthType lattice.AuthType
	Policy   string // the auth policy's text, empty for none
	PolicyBy string // the URN that put the policy
}

var (
	lawLatticeExists = law.New(law.Lattice, "lattice-references-exist",
		"Service networks, services, target groups, VPCs and security groups that a request to VPC Lattice names must exist.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/CommonErrors.html")
	lawNetworkName = law.New(law.Lattice, "service-network-name",
		"A service network's name has 3 to 63 lower-case letters, digits and hyphens and is unique in the account and region.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetwork.html")
	lawNetworkDeletion = law.New(law.Deletion, "service-network-has-associations",
		"A service network with VPC or service associations cannot be deleted: 409 ConflictException.",
		"https://github.com/gruntwork-io/cloud-nuke/issues/1158")
)

var latticeName = regexp.MustCompile(`^[a-z0-9](?:-?[a-z0-9])*$`)

var serviceNetworkKind = &kind{
	token:    "aws:vpclattice/serviceNetwork:ServiceNetwork",
	forceNew: []string{"name"},
	autoname: "name",
	nameMax:  63,
	defaults: engine.Props{"authType": "NONE"},
	check: func(c *checker) {
		c.oneOf("authType", "NONE", "AWS_IAM")
		c.latticeName("name")
	},
	create: func(r *request) (string, error) {
		sn, err := r.createNetwork(r.urn, r.region, r.str("name"), r.tags())
		if err != nil {
			return "", err
		}
		sn.AuthType = lattice.AuthType(r.str("authType"))
		return sn.ID, nil
	},
	update: func(r *request) error {
		sn := r.net.networks[r.id]
		sn.Tags, sn.AuthType = r.tags(), lattice.AuthType(r.str("authType"))
		return nil
	},
	remove: func(r *request) error { return r.deleteNetwork(r.net.networks[r.id]) },
	outputs: func(r *request) engine.Props {
		sn := r.net.networks[r.id]
		if sn == nil {
			return nil
		}
		return engine.Props{"arn": sn.ARN, "name": sn.Name, "authType": string(sn.AuthType), "tagsAll": sn.tagsAll()}
	},
}

func (c *checker) latticeName(property string) {
	name, ok := c.known(property)
	if ok && (len(name) < 3 || !latticeName.MatchString(name)) {
		c.fail(property, "invalid value for %s (must be 3 to 63 lower-case letters, digits and single hyphens)", snake(property))
	}
}

func (a *Account) createNetwork(urn, region, name string, tags map[string]string) (*ServiceNetwork, error) {
	for _, other := range sorted(a.net.networks) {
		if other.Name == name && other.Region == region {
			return nil, lawNetworkName.Refuse("ConflictException", "Service network with name %s already exists", name)
		}
	}
	id := "sn-" + a.World.ID(urn, 17)
	sn := &ServiceNetwork{
		Meta:     Meta{URN: urn, ID: id, ARN: a.arn("vpc-lattice", region, a.ID, "servicenetwork/"+id), Name: name, Region: region, Tags: tags},
		AuthType: lattice.AuthNone,
	}
	a.net.networks[id] = sn
	a.changes++
	return sn, nil
}

func (a *Account) deleteNetwork(sn *ServiceNetwork) error {
	for _, v := range sorted(a.net.vpcs) {
		if v.NetworkID == sn.ID {
			return lawNetworkDeletion.Refuse("ConflictException", "ServiceNetwork %s has VPC(s) associated (409: %s, %s)", sn.ID, v.ID, v.VPCID)
		}
	}
	for _, m := range sorted(a.net.members) {
		if m.NetworkID == sn.ID {
			return lawNetworkDeletion.Refuse("ConflictException", "ServiceNetwork %s has service(s) associated (409: %s, %s)", sn.ID, m.ID, m.ServiceID)
		}
	}
	for id, sub := range a.net.accessLog {
		if sub.ResourceARN == sn.ARN {
			delete(a.net.accessLog, id)
		}
	}
	delete(a.net.networks, sn.ID)
	a.changes++
	return nil
}

// network finds a service network by id or ARN.
func (a *Account) network(idOrARN string) (*ServiceNetwork, error) {
	if sn := a.net.networks[tail(idOrARN, "/")]; sn != nil {
		return sn, nil
	}
	return nil, lawLatticeExists.Refuse("ResourceNotFoundException", "Service network %s not found", idOrARN)
}

// FindServiceNetworks lists the service networks of that name or id.
func (l *Lattice) FindServiceNetworks(p iam.Principal, nameOrID string) ([]*ServiceNetwork, error) {
	if err := l.a.Authorize(p, "vpc-lattice:ListServiceNetworks", "*"); err != nil {
		return nil, err
	}
	var out []*ServiceNetwork
	for _, sn := range sorted(l.a.net.networks) {
		if sn.Name == nameOrID || sn.ID == nameOrID {
			if err := l.a.Authorize(p, "vpc-lattice:ListTagsForResource", sn.ARN); err != nil {
				return nil, err
			}
			out = append(out, sn)
		}
	}
	return out, nil
}

// CreateServiceNetwork is what a controller with a default service network does.
func (l *Lattice) CreateServiceNetwork(op *world.Op, p iam.Principal, name string, tags map[string]string) (*ServiceNetwork, error) {
	if err := l.allowed(op, p, access{action: "CreateServiceNetwork", resource: l.any("servicenetwork"), requestTags: tags}); err != nil {
		return nil, err
	}
	return l.a.createNetwork(l.by(op), l.a.Region, name, tags)
}

// DeleteServiceNetwork refuses with ConflictException while associations remain.
func (l *Lattice) DeleteServiceNetwork(op *world.Op, p iam.Principal, id string) error {
	sn, err := l.a.network(id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteServiceNetwork", resource: sn.ARN, resourceTags: sn.Tags}); err != nil {
		return err
	}
	return l.a.deleteNetwork(sn)
}

// SetNetworkAuthType is UpdateServiceNetwork.
func (l *Lattice) SetNetworkAuthType(op *world.Op, p iam.Principal, id string, auth lattice.AuthType) error {
	sn, err := l.a.network(id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "UpdateServiceNetwork", resource: sn.ARN, resourceTags: sn.Tags}); err != nil {
		return err
	}
	if sn.AuthType != auth {
		sn.AuthType = auth
		l.a.changes++
	}
	return nil
}

// TagResource adds tags to anything of VPC Lattice, by ARN.
func (l *Lattice) TagResource(op *world.Op, p iam.Principal, arn string, tags map[string]string) error {
	m := l.a.latticeMeta(arn)
	if m == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", arn)
	}
	if err := l.allowed(op, p, access{action: "TagResource", resource: arn, resourceTags: m.Tags, requestTags: tags}); err != nil {
		return err
	}
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	for k, v := range tags {
		m.Tags[k] = v
	}
	l.a.changes++
	return nil
}

func (a *Account) latticeMeta(arn string) *Meta {
	id := tail(arn, "/")
	switch {
	case strings.HasPrefix(id, "sn-") && a.net.networks[id] != nil:
		return &a.net.networks[id].Meta
	case strings.HasPrefix(id, "snva-") && a.net.vpcs[id] != nil:
		return &a.net.vpcs[id].Meta
	case strings.HasPrefix(id, "snsa-") && a.net.members[id] != nil:
		return &a.net.members[id].Meta
	case strings.HasPrefix(id, "svc-") && a.net.services[id] != nil:
		return &a.net.services[id].Meta
	case strings.HasPrefix(id, "tg-") && a.net.targets[id] != nil:
		return &a.net.targets[id].Meta
	case strings.HasPrefix(id, "listener-") && a.net.listeners[id] != nil:
		return &a.net.listeners[id].Meta
	}
	return nil
}
