package aws

import (
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// VPCAssociation joins a VPC to a service network.
type VPCAssociation struct {
	Meta
	NetworkID        string
	VPCID            string
	SecurityGroupIDs []string
}

var (
	lawOneNetwork = law.New(law.Lattice, "one-service-network-per-vpc",
		"A VPC is associated with one service network.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/ug/service-networks.html")
	lawAssociationGroups = law.New(law.Lattice, "association-keeps-security-groups",
		"Security groups of a VPC association can be added and changed at any time, but not all removed: that takes a new association.",
		"https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_UpdateServiceNetworkVpcAssociation.html")
)

var vpcAssociationKind = &kind{
	token:    "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation",
	required: []string{"serviceNetworkIdentifier", "vpcIdentifier"},
	forceNew: []string{"serviceNetworkIdentifier", "vpcIdentifier"},
	sets:     []string{"securityGroupIds"},
	create: func(r *request) (string, error) {
		if _, err := r.vpc(r.str("vpcIdentifier")); err != nil {
			return "", lawLatticeExists.Refuse("ValidationException", "VPC %s not found", r.str("vpcIdentifier"))
		}
		assoc, err := r.associateVPC(r.urn, r.str("serviceNetworkIdentifier"), r.str("vpcIdentifier"), r.list("securityGroupIds"), r.tags())
		if err != nil {
			return "", err
		}
		return assoc.ID, nil
	},
	update: func(r *request) error {
		assoc := r.net.vpcs[r.id]
		groups := r.list("securityGroupIds")
		if len(assoc.SecurityGroupIDs) > 0 && len(groups) == 0 {
			return lawAssociationGroups.Refuse("ValidationException",
				"1 validation error detected: Value '[]' at 'securityGroupIds' failed to satisfy constraint: Member must have length greater than or equal to 1")
		}
		if err := r.associationGroups(assoc.VPCID, groups); err != nil {
			return err
		}
		assoc.Tags, assoc.SecurityGroupIDs = r.tags(), groups
		return nil
	},
	remove: func(r *request) error { delete(r.net.vpcs, r.id); return nil },
	outputs: func(r *request) engine.Props {
		assoc := r.net.vpcs[r.id]
		if assoc == nil {
			return nil
		}
		return engine.Props{"arn": assoc.ARN, "createdBy": r.ID, "status": "ACTIVE", "vpcIdentifier": assoc.VPCID,
			"securityGroupIds": list(assoc.SecurityGroupIDs), "tagsAll": assoc.tagsAll()}
	},
}

func (a *Account) associationGroups(vpcID string, groups []string) error {
	for _, id := range groups {
		if g := a.ec2.groups[id]; g == nil || g.VPCID != vpcID {
			return lawLatticeExists.Refuse("ValidationException", "Security group %s not found in VPC %s", id, vpcID)
		}
	}
	return nil
}

func (a *Account) associateVPC(urn, networkID, vpcID string, groups []string, tags map[string]string) (*VPCAssociation, error) {
	sn, err := a.network(networkID)
	if err != nil {
		return nil, err
	}
	if a.ec2.vpcs[vpcID] == nil {
		return nil, lawLatticeExists.Refuse("ValidationException", "VPC %s not found", vpcID)
	}
	if err := a.associationGroups(vpcID, groups); err != nil {
		return nil, err
	}
	for _, other := range sorted(a.net.vpcs) {
		if other.VPCID == vpcID {
			return nil, lawOneNetwork.Refuse("ConflictException", "VPC %s is already associated with service network %s (%s)", vpcID, other.NetworkID, other.ID)
		}
	}
	id := "snva-" + a.World.ID(urn, 17)
	assoc := &VPCAssociation{
		Meta:      Meta{URN: urn, ID: id, ARN: a.arn("vpc-lattice", sn.Region, a.ID, "servicenetworkvpcassociation/"+id), Region: sn.Region, Tags: tags},
		NetworkID: sn.ID, VPCID: vpcID, SecurityGroupIDs: groups,
	}
	a.net.vpcs[id] = assoc
	a.changes++
	return assoc, nil
}

// AssociateVPC joins a VPC to a service network.
func (l *Lattice) AssociateVPC(op *world.Op, p iam.Principal, networkID, vpcID string, groups []string, tags map[string]string) (*VPCAssociation, error) {
	if err := l.allowed(op, p, access{action: "CreateServiceNetworkVpcAssociation", resource: l.any("servicenetworkvpcassociation")}); err != nil {
		return nil, err
	}
	return l.a.associateVPC(l.by(op), networkID, vpcID, groups, tags)
}

// DisassociateVPC removes the association.
func (l *Lattice) DisassociateVPC(op *world.Op, p iam.Principal, id string) error {
	assoc := l.a.net.vpcs[id]
	if assoc == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Association %s not found", id)
	}
	if err := l.allowed(op, p, access{action: "DeleteServiceNetworkVpcAssociation", resource: assoc.ARN, resourceTags: assoc.Tags}); err != nil {
		return err
	}
	delete(l.a.net.vpcs, id)
	l.a.changes++
	return nil
}

// VPCAssociations lists the associations of a network or of a VPC; empty matches all.
func (l *Lattice) VPCAssociations(p iam.Principal, networkID, vpcID string) ([]*VPCAssociation, error) {
	if err := l.a.Authorize(p, "vpc-lattice:ListServiceNetworkVpcAssociations", "*"); err != nil {
		return nil, err
	}
	var out []*VPCAssociation
	for _, v := range sorted(l.a.net.vpcs) {
		if (networkID == "" || v.NetworkID == networkID) && (vpcID == "" || v.VPCID == vpcID) {
			out = append(out, v)
		}
	}
	return out, nil
}

// associationOf returns the association of a VPC, or nil.
func (a *Account) associationOf(vpcID string) *VPCAssociation {
	for _, v := range sorted(a.net.vpcs) {
		if v.VPCID == vpcID {
			return v
		}
	}
	return nil
}
