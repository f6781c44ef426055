package route53

import (
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/world"
)

// Route53 is Route 53's control plane and the VPC resolvers.
type Route53 struct {
	account *cloud.Account
	urn     string
}

// New returns Route 53 for a controller that acts for the resource urn; an empty
// urn stands for the operation's own.
func New(a *cloud.Account, urn string) *Route53 { return &Route53{a, urn} }

// Zones lists the hosted zones by id.
func (r *Route53) Zones(p iam.Principal) ([]*Zone, error) {
	if err := r.account.Authorize(p, "route53:ListHostedZones", "*"); err != nil {
		return nil, err
	}
	return Zones.All(r.account), nil
}

func (r *Route53) zone(id string) (*Zone, error) {
	z := Zones.Get(r.account, cloud.Tail(id, "/"))
	if z == nil {
		return nil, Zones.NotFound(id)
	}
	return z, nil
}

// Records lists a zone's record sets by name and type.
func (r *Route53) Records(p iam.Principal, zoneID string) ([]Record, error) {
	z, err := r.zone(zoneID)
	if err != nil {
		return nil, err
	}
	if err := r.account.Authorize(p, "route53:ListResourceRecordSets", z.ARN); err != nil {
		return nil, err
	}
	return slices.Clone(z.Records), nil
}

// ChangeRecords applies a batch, all or nothing.
func (r *Route53) ChangeRecords(op *world.Op, p iam.Principal, zoneID string, changes []RecordChange) error {
	z, err := r.zone(zoneID)
	if err != nil {
		return err
	}
	by := r.urn
	if by == "" {
		by = op.URN
	}
	if err := r.account.AuthorizeFor(op, by, p, "route53:ChangeResourceRecordSets", z.ARN, changeKeys(changes)); err != nil {
		return err
	}
	op.DependsFor(by, z.URN, lawZoneRefs)
	r.account.Change()
	return z.change(by, changes)
}

// changeKeys are the condition keys of a batch of changes; names are lower-case
// and have no final dot.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
func changeKeys(changes []RecordChange) iam.Context {
	var names, types, actions []string
	for _, c := range changes {
		names = append(names, strings.ToLower(strings.TrimSuffix(c.Record.Name, ".")))
		types, actions = append(types, c.Record.Type), append(actions, c.Action)
	}
	keys := iam.Context{}
	keys.Set("route53:ChangeResourceRecordSetsNormalizedRecordNames", names...)
	keys.Set("route53:ChangeResourceRecordSetsRecordTypes", types...)
	keys.Set("route53:ChangeResourceRecordSetsActions", actions...)
	return keys
}
