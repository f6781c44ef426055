package vpclattice

import (
	"slices"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawOneNetwork = law.New(law.Lattice, "one-service-network-per-vpc",
		"A VPC is associated with one service network.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-networks.html")
	lawAssociationGroups = law.New(law.Lattice, "association-keeps-security-groups",
		"Security groups of a VPC association can be added and changed at any time, but not all removed: that takes a new association.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_UpdateServiceNetworkVpcAssociation.html")
)

func describe(x *VPCAssociation) string { return "service network association " + x.ID }

var (
	_ = cloud.Use(VPCAssociations, ec2.VPCs, ec2.VPCInUse, func(x *VPCAssociation) []string { return []string{x.VPCID} }, describe)
	_ = cloud.Use(VPCAssociations, ec2.Groups, ec2.GroupInUse, func(x *VPCAssociation) []string { return x.SecurityGroupIDs }, describe)
)

var _ = cloud.DefineType(cloud.Type[*VPCAssociation]{
	Schema: cloud.Schema{
		Token:    "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation",
		Required: []string{"serviceNetworkIdentifier", "vpcIdentifier"},
		ForceNew: []string{"serviceNetworkIdentifier", "vpcIdentifier"},
		Sets:     []string{"securityGroupIds"},
		Refers: []cloud.Reference{{Property: "vpcIdentifier", To: ec2.VPCs,
			Missing: cloud.Missing{Law: lawExists, Code: "ValidationException", Format: "VPC %s not found"}}},
		// Up to about a minute: https://www.gateway-api-controller.eks.aws.dev/latest/guides/getstarted/
		Takes: cloud.Durations{Create: 25 * time.Second, Update: 10 * time.Second, Delete: 55 * time.Second},
	},
	Table: VPCAssociations,
	Create: func(r *cloud.Request) (*VPCAssociation, error) {
		return newVPCAssociation(r.Account, r.Identified("snva", "vpc-lattice", "servicenetworkvpcassociation", ""),
			r.Str("serviceNetworkIdentifier"), r.Str("vpcIdentifier"), r.List("securityGroupIds"))
	},
	Update: func(r *cloud.Request, x *VPCAssociation) error {
		groups := r.List("securityGroupIds")
		if len(x.SecurityGroupIDs) > 0 && len(groups) == 0 {
			return lawAssociationGroups.Refuse("ValidationException", "1 validation error detected: "+
				"Value '[]' at 'securityGroupIds' failed to satisfy constraint: Member must have length greater than or equal to 1")
		}
		if err := checkGroups(r.Account, x.VPCID, groups); err != nil {
			return err
		}
		x.SecurityGroupIDs = groups
		return nil
	},
	Outputs: func(r *cloud.Request, x *VPCAssociation) engine.Props {
		return engine.Props{"arn": x.ARN, "createdBy": r.Account.ID, "status": "ACTIVE", "vpcIdentifier": x.VPCID,
			"securityGroupIds": cloud.List(x.SecurityGroupIDs)}
	},
})

func checkGroups(a *cloud.Account, vpcID string, groups []string) error {
	for _, id := range groups {
		if g := ec2.Groups.Get(a, id); g == nil || g.VPCID != vpcID {
			return lawExists.Refuse("ValidationException", "Security group %s not found in VPC %s", id, vpcID)
		}
	}
	return nil
}

func newVPCAssociation(a *cloud.Account, meta cloud.Meta, network, vpcID string, groups []string) (*VPCAssociation, error) {
	sn, err := byIDOrARN(a, Networks, network)
	if err != nil {
		return nil, err
	}
	if ec2.VPCs.Get(a, vpcID) == nil {
		return nil, lawExists.Refuse("ValidationException", "VPC %s not found", vpcID)
	}
	if err := checkGroups(a, vpcID, groups); err != nil {
		return nil, err
	}
	if other := associationOf(a, vpcID); other != nil {
		return nil, lawOneNetwork.Refuse("ConflictException",
			"VPC %s is already associated with service network %s (%s)", vpcID, other.NetworkID, other.ID)
	}
	return &VPCAssociation{Meta: meta, NetworkID: sn.ID, VPCID: vpcID, SecurityGroupIDs: groups}, nil
}

// associationOf returns the association of a VPC, or nil.
func associationOf(a *cloud.Account, vpcID string) *VPCAssociation {
	all := VPCAssociations.All(a)
	at := slices.IndexFunc(all, func(x *VPCAssociation) bool { return x.VPCID == vpcID })
	if at < 0 {
		return nil
	}
	return all[at]
}

// AssociateVPC joins a VPC to a service network.
func (l *Lattice) AssociateVPC(op *world.Op, p iam.Principal, networkID, vpcID string, groups []string,
	tags map[string]string) (*VPCAssociation, error) {
	x := access{action: "CreateServiceNetworkVpcAssociation", resource: l.any("servicenetworkvpcassociation")}
	if err := l.allowed(op, p, x); err != nil {
		return nil, err
	}
	association, err := newVPCAssociation(l.account, l.created(op, "snva", "servicenetworkvpcassociation", "", tags), networkID, vpcID, groups)
	if err != nil {
		return nil, err
	}
	VPCAssociations.Put(l.account, association)
	l.account.Change()
	return association, nil
}

// DisassociateVPC deletes the association.
func (l *Lattice) DisassociateVPC(op *world.Op, p iam.Principal, id string) error {
	x, err := byIDOrARN(l.account, VPCAssociations, id)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "DeleteServiceNetworkVpcAssociation", resource: x.ARN, resourceTags: x.Tags}); err != nil {
		return err
	}
	VPCAssociations.Delete(l.account, x.ID)
	l.account.Change()
	return nil
}

// VPCAssociations lists the associations of a network or of a VPC; empty matches all.
func (l *Lattice) VPCAssociations(p iam.Principal, networkID, vpcID string) ([]*VPCAssociation, error) {
	if err := l.account.Authorize(p, "vpc-lattice:ListServiceNetworkVpcAssociations", "*"); err != nil {
		return nil, err
	}
	return VPCAssociations.Where(l.account, func(x *VPCAssociation) bool {
		return (networkID == "" || x.NetworkID == networkID) && (vpcID == "" || x.VPCID == vpcID)
	}), nil
}
