package vpclattice

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

// Lattice is VPC Lattice's control plane. Each call is made as a principal and
// checked against its identity policies.
type Lattice struct{ client }

// Routing is the part of the control plane that is about target groups,
// listeners and rules.
type Routing struct{ client }

// New returns VPC Lattice's control plane for a controller that acts for the
// resource urn: what it creates is kept under that name, and what it depends on is
// a dependency of that resource. An empty urn stands for the operation's own.
func New(a *cloud.Account, urn string) *Lattice { return &Lattice{client{a, urn}} }

// Routing returns the calls about target groups, listeners and rules.
func (l *Lattice) Routing() *Routing { return &Routing{l.client} }

type client struct {
	account *cloud.Account
	urn     string
}

// by names the resource that a call is made for.
func (l client) by(op *world.Op) string {
	if l.urn != "" {
		return l.urn
	}
	return op.URN
}

// any is the ARN of what a call is to create: its id is not known yet.
func (l client) any(kind string) string { return l.arn(kind + "/*") }

func (l client) arn(resource string) string {
	return l.account.ARN("vpc-lattice", l.account.Region, l.account.ID, resource)
}

// created begins the record of something new.
func (l client) created(op *world.Op, prefix, kind, name string, tags map[string]string) cloud.Meta {
	id := prefix + "-" + l.account.World.ID(l.by(op), 17)
	return cloud.Meta{URN: l.by(op), ID: id, ARN: l.arn(kind + "/" + id), Name: name, Region: l.account.Region, Tags: tags}
}

// access is a call as the caller's identity policies see it.
type access struct {
	action, resource string
	resourceTags     map[string]string // of the resource as it is
	requestTags      map[string]string // that the call gives
}

// tagsUnseen are the actions that policies cannot tie to the tags of what they
// act on. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonvpclattice.html
var tagsUnseen = []string{
	"PutAuthPolicy", "DeleteAuthPolicy", "PutResourcePolicy", "DeleteResourcePolicy",
	"RegisterTargets", "DeregisterTargets", "ListTargets", "UntagResource",
}

// alsoNeeded are the permissions of EC2 that actions of VPC Lattice ask for:
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/additional-api-permissions.html
var alsoNeeded = map[string][]string{
	"CreateServiceNetworkVpcAssociation": {"ec2:DescribeVpcs"},
	"CreateTargetGroup":                  {"ec2:DescribeVpcs"},
	"RegisterTargets":                    {"ec2:DescribeVpcs", "ec2:DescribeSubnets"},
}

// allowed checks the principal's identity policies for a call. A creation with
// tags needs the permission to tag as well.
func (l client) allowed(op *world.Op, p iam.Principal, x access) error {
	for _, other := range alsoNeeded[x.action] {
		if err := l.account.AuthorizeFor(op, l.by(op), p, other, "*", nil); err != nil {
			return err
		}
	}
	keys := x.keys()
	if err := l.account.AuthorizeFor(op, l.by(op), p, "vpc-lattice:"+x.action, x.resource, keys); err != nil {
		return err
	}
	if x.action == "TagResource" || x.action == "UntagResource" || len(x.requestTags) == 0 {
		return nil
	}
	return l.account.AuthorizeFor(op, l.by(op), p, "vpc-lattice:TagResource", x.resource, keys)
}

func (x access) keys() iam.Context {
	keys := iam.Context{}
	if !slices.Contains(tagsUnseen, x.action) {
		for k, v := range x.resourceTags {
			keys.Set("aws:ResourceTag/"+k, v)
		}
	}
	for k, v := range x.requestTags {
		keys.Set("aws:RequestTag/"+k, v)
	}
	if names := slices.Sorted(maps.Keys(x.requestTags)); len(names) > 0 {
		keys.Set("aws:TagKeys", names...)
	}
	return keys
}
