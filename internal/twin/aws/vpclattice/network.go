package vpclattice

import (
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/lattice"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawNetworkName = law.New(law.Lattice, "service-network-name",
		"A service network's name has 3 to 63 lower-case letters, digits and hyphens and is unique in the account and Region.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetwork.html")
	lawNetworkDeletion = law.New(law.Deletion, "service-network-has-associations",
		"A service network with VPC or service associations cannot be deleted: 409 ConflictException.",
		"https://github.com/gruntwork-io/cloud-nuke/issues/1158")
)

var (
	_ = cloud.Use(VPCAssociations, Networks, cloud.InUse{Law: lawNetworkDeletion, Code: "ConflictException",
		Format: "ServiceNetwork %[1]s has VPC(s) associated (409: %[2]s)",
	}, func(v *VPCAssociation) []string { return []string{v.NetworkID} }, func(v *VPCAssociation) string { return v.ID + ", " + v.VPCID })
	_ = cloud.Use(ServiceAssociations, Networks, cloud.InUse{Law: lawNetworkDeletion, Code: "ConflictException",
		Format: "ServiceNetwork %[1]s has service(s) associated (409: %[2]s)",
	}, func(m *ServiceAssociation) []string { return []string{m.NetworkID} },
		func(m *ServiceAssociation) string { return m.ID + ", " + m.ServiceID })
)

var _ = cloud.DefineType(cloud.Type[*ServiceNetwork]{
	Schema: cloud.Schema{
		Token:    "aws:vpclattice/serviceNetwork:ServiceNetwork",
		ForceNew: []string{"name"},
		Autoname: "name",
		NameMax:  63,
		Defaults: engine.Props{"authType": "NONE"},
		Check: func(c *cloud.Checker) {
			c.OneOf("authType", "NONE", "AWS_IAM")
			if name, ok := c.Known("name"); ok && (len(name) < 3 || !validName.MatchString(name)) {
				c.Break(lawNetworkName, "name", "invalid value for name (must be 3 to 63 lower-case letters, digits and single hyphens)")
			}
		},
	},
	Table: Networks,
	Create: func(r *cloud.Request) (*ServiceNetwork, error) {
		return newNetwork(r.Account, r.Identified("sn", "vpc-lattice", "servicenetwork", r.Str("name")), lattice.AuthType(r.Str("authType")))
	},
	Update: func(r *cloud.Request, sn *ServiceNetwork) error {
		sn.AuthType = lattice.AuthType(r.Str("authType"))
		return nil
	},
	Delete: func(r *cloud.Request, sn *ServiceNetwork) error {
		deleteNetwork(r.Account, sn)
		return nil
	},
	Outputs: func(_ *cloud.Request, sn *ServiceNetwork) engine.Props {
		return engine.Props{"arn": sn.ARN, "name": sn.Name, "authType": string(sn.AuthType)}
	},
})

func newNetwork(a *cloud.Account, meta cloud.Meta, auth lattice.AuthType) (*ServiceNetwork, error) {
	taken := func(other *ServiceNetwork) bool { return other.Name == meta.Name && other.Region == meta.Region }
	if slices.ContainsFunc(Networks.All(a), taken) {
		return nil, lawNetworkName.Refuse("ConflictException", "Service network with name %s already exists", meta.Name)
	}
	return &ServiceNetwork{Meta: meta, AuthType: auth}, nil
}

// deleteNetwork deletes a network with its access logs.
func deleteNetwork(a *cloud.Account, sn *ServiceNetwork) {
	for _, s := range Subscriptions.Where(a, func(s *AccessLogSubscription) bool { return s.ResourceARN == sn.ARN }) {
		Subscriptions.Delete(a, s.ID)
	}
	Networks.Delete(a, sn.ID)
}

// FindServiceNetworks lists the service networks of that name or id.
func (l *Lattice) FindServiceNetworks(p iam.Principal, nameOrID string) ([]*ServiceNetwork, error) {
	if err := l.account.Authorize(p, "vpc-lattice:ListServiceNetworks", "*"); err != nil {
		return nil, err
	}
	found := Networks.Where(l.account, func(sn *ServiceNetwork) bool { return sn.Name == nameOrID || sn.ID == nameOrID })
	for _, sn := range found {
		if err := l.account.Authorize(p, "vpc-lattice:ListTagsForResource", sn.ARN); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// CreateServiceNetwork is what a controller with a default service network calls.
func (l *Lattice) CreateServiceNetwork(op *world.Op, p iam.Principal, name string, tags map[string]string) (*ServiceNetwork, error) {
	if err := l.allowed(op, p, access{action: "CreateServiceNetwork", resource: l.any("servicenetwork"), requestTags: tags}); err != nil {
		return nil, err
	}
	sn, err := newNetwork(l.account, l.created(op, "sn", "servicenetwork", name, tags), lattice.AuthNone)
	if err != nil {
		return nil, err
	}
	Networks.Put(l.account, sn)
	l.account.Change()
	return sn, nil
}

// DeleteServiceNetwork refuses with ConflictException while associations remain.
func (l *Lattice) DeleteServiceNetwork(op *world.Op, p iam.Principal, id string) error {
	sn, err := byIDOrARN(l.account, Networks, id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteServiceNetwork", resource: sn.ARN, resourceTags: sn.Tags}); err != nil {
		return err
	}
	if err := Networks.Free(l.account, sn.ID); err != nil {
		return err
	}
	deleteNetwork(l.account, sn)
	l.account.Change()
	return nil
}

// SetNetworkAuthType is UpdateServiceNetwork.
func (l *Lattice) SetNetworkAuthType(op *world.Op, p iam.Principal, id string, auth lattice.AuthType) error {
	sn, err := byIDOrARN(l.account, Networks, id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "UpdateServiceNetwork", resource: sn.ARN, resourceTags: sn.Tags}); err != nil {
		return err
	}
	if sn.AuthType != auth {
		sn.AuthType = auth
		l.account.Change()
	}
	return nil
}
