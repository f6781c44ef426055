package aws

import (
	"eks-lattice/internal/twin/engine"
)

// kind is the definition of one resource type.
type kind struct {
	token    string   // "aws:ec2/vpc:Vpc"
	required []string // inputs that must be given
	forceNew []string // inputs, or "input.part", that replace the resource when they change
	lasting  []string // inputs that replace the resource when they are taken away
	sets     []string // inputs, or "input.part", whose order means nothing
	// documents are inputs, or "input.part", that are JSON text and compared as such.
	documents []string
	autoname  string // the input that gets an automatic name when it is not given
	nameMax   int    // the length that AWS allows for it
	defaults  engine.Props
	untagged  bool // has no tags

	// check validates inputs that are known; optional.
	check func(c *checker)
	// create makes the thing and returns its id.
	create func(r *request) (string, error)
	// update changes it in place; without it the new inputs are only remembered.
	update func(r *request) error
	// remove deletes it; a thing that is gone already is no error.
	remove func(r *request) error
	// outputs returns what the account has: the computed outputs, and each input
	// that another party can change. It is nil when the thing is gone.
	outputs func(r *request) engine.Props
}

// kinds are all resource types that the account knows, by token.
var kinds = index(
	vpcKind, subnetKind, internetGatewayKind, eipKind, natGatewayKind,
	routeTableKind, routeKind, routeTableAssociationKind, endpointKind, flowLogKind,
	transitAttachmentKind,
	securityGroupKind, securityGroupRuleKind, ingressRuleKind, egressRuleKind, launchTemplateKind,
	roleKind, rolePolicyKind, attachmentKind, policyKind,
	clusterKind, nodeGroupKind, addonKind, accessEntryKind, accessPolicyKind, podIdentityKind,
	serviceNetworkKind, authPolicyKind, vpcAssociationKind, accessLogKind,
	zoneKind, zoneAssociationKind, recordKind,
	authorityKind, issuedKind, authorityCertificateKind, permissionKind, certificateKind,
	logGroupKind, keyKind,
)

func index(list ...*kind) map[string]*kind {
	m := make(map[string]*kind, len(list))
	for _, k := range list {
		m[k.token] = k
	}
	return m
}
