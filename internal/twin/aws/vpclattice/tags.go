package vpclattice

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

// TagResource adds tags to anything of VPC Lattice, by ARN.
func (l *Lattice) TagResource(op *world.Op, p iam.Principal, arn string, tags map[string]string) error {
	m, err := info(l.account, arn)
	if err != nil {
		return err
	}
	if err := l.allowed(op, p, access{action: "TagResource", resource: arn, resourceTags: m.Tags, requestTags: tags}); err != nil {
		return err
	}
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	maps.Copy(m.Tags, tags)
	l.account.Change()
	return nil
}

// UntagResource removes tags from anything of VPC Lattice, by ARN.
func (l *Lattice) UntagResource(op *world.Op, p iam.Principal, arn string, names []string) error {
	m, err := info(l.account, arn)
	if err != nil {
		return err
	}
	keys := iam.Context{}
	keys.Set("aws:TagKeys", slices.Sorted(slices.Values(names))...)
	if err := l.account.AuthorizeFor(op, l.by(op), p, "vpc-lattice:UntagResource", arn, keys); err != nil {
		return err
	}
	for _, name := range names {
		delete(m.Tags, name)
	}
	l.account.Change()
	return nil
}

// SetTags gives a resource these tags besides those that keep names, by the
// tagging API, which asks for the permissions of VPC Lattice as well.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
func (l *Lattice) SetTags(op *world.Op, p iam.Principal, arn string, tags map[string]string, keep func(string) bool) error {
	if err := l.account.Authorize(p, "tag:GetResources", "*"); err != nil {
		return err
	}
	have, err := info(l.account, arn)
	if err != nil {
		return err
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
		if err := l.account.AuthorizeFor(op, l.by(op), p, "tag:UntagResources", "*", nil); err != nil {
			return err
		}
		if err := l.UntagResource(op, p, arn, gone); err != nil {
			return err
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := l.account.AuthorizeFor(op, l.by(op), p, "tag:TagResources", "*", nil); err != nil {
		return err
	}
	return l.TagResource(op, p, arn, changed)
}
