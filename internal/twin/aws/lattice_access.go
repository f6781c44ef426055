package aws

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

// access is a call as the caller's identity policies see it.
type access struct {
	action, resource string
	resourceTags     map[string]string // of what is there
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

// allowed checks the principal's identity policies for a call. Who creates with
// tags needs the permission to tag as well.
func (l *Lattice) allowed(op *world.Op, p iam.Principal, x access) error {
	for _, other := range alsoNeeded[x.action] {
		if err := l.a.authorize(op, l.by(op), p, other, "*", nil); err != nil {
			return err
		}
	}
	keys := x.keys()
	if err := l.a.authorize(op, l.by(op), p, "vpc-lattice:"+x.action, x.resource, keys); err != nil {
		return err
	}
	if x.action == "TagResource" || x.action == "UntagResource" || len(x.requestTags) == 0 {
		return nil
	}
	return l.a.authorize(op, l.by(op), p, "vpc-lattice:TagResource", x.resource, keys)
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

// any is the ARN of what a call is to create: its id is not known yet.
func (l *Lattice) any(kind string) string {
	return l.a.arn("vpc-lattice", l.a.Region, l.a.ID, kind+"/*")
}

// UntagResource removes tags from anything of VPC Lattice, by ARN.
func (l *Lattice) UntagResource(op *world.Op, p iam.Principal, arn string, names []string) error {
	m := l.a.latticeMeta(arn)
	if m == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", arn)
	}
	removed := map[string]string{}
	for _, name := range names {
		removed[name] = m.Tags[name]
	}
	x := access{action: "UntagResource", resource: arn}
	keys := x.keys()
	keys.Set("aws:TagKeys", slices.Sorted(maps.Keys(removed))...)
	if err := l.a.authorize(op, l.by(op), p, "vpc-lattice:UntagResource", arn, keys); err != nil {
		return err
	}
	for _, name := range names {
		delete(m.Tags, name)
	}
	l.a.changes++
	return nil
}

// SetTags gives a resource these tags besides those that keep names, by the
// tagging API, which asks for the permissions of VPC Lattice as well.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
func (l *Lattice) SetTags(op *world.Op, p iam.Principal, arn string, tags map[string]string, keep func(string) bool) error {
	if err := l.a.Authorize(p, "tag:GetResources", "*"); err != nil {
		return err
	}
	have := l.a.latticeMeta(arn)
	if have == nil {
		return lawLatticeExists.Refuse("ResourceNotFoundException", "Resource %s not found", arn)
	}
	changed, gone := map[string]string{}, []string{}
	for k, v := range tags {
		if have.Tags[k] != v && !keep(k) {
			changed[k] = v
		}
	}
	for k := range have.Tags {
		if _, wanted := tags[k]; !wanted && !keep(k) {
			gone = append(gone, k)
		}
	}
	if len(gone) > 0 {
		if err := l.a.authorize(op, l.by(op), p, "tag:UntagResources", "*", nil); err != nil {
			return err
		}
		if err := l.UntagResource(op, p, arn, gone); err != nil {
			return err
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := l.a.authorize(op, l.by(op), p, "tag:TagResources", "*", nil); err != nil {
		return err
	}
	return l.TagResource(op, p, arn, changed)
}
