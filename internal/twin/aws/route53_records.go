package aws

import (
	"cmp"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Record is a record set.
type Record struct {
	Name   string // with the trailing dot
	Type   string
	TTL    int
	Values []string
	URN    string // what caused it
}

// RecordChange is one change of a batch.
type RecordChange struct {
	Action string // "CREATE", "UPSERT", "DELETE"
	Record Record
}

var lawRecords = law.New(law.DNS, "record-changes",
	"A batch of changes is applied as a whole or not at all: names lie in the zone, CREATE finds nothing, DELETE finds exactly what it names and neither SOA nor NS of the zone, and a CNAME stands alone at its name.",
	"https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html")

// Route53 is Route 53's control plane and the VPC resolvers.
type Route53 struct {
	a   *Account
	urn string
}

// Route53 returns Route 53 for a controller that works for the resource urn; an
// empty urn stands for the operation's own.
func (a *Account) Route53(urn string) *Route53 { return &Route53{a: a, urn: urn} }

func (r *Route53) by(op *world.Op) string {
	if r.urn != "" {
		return r.urn
	}
	return op.URN
}

// Zones lists the hosted zones by id.
func (r *Route53) Zones(p iam.Principal) ([]*Zone, error) {
	if err := r.a.Authorize(p, "route53:ListHostedZones", "*"); err != nil {
		return nil, err
	}
	return sorted(r.a.dns.zones), nil
}

func (r *Route53) zone(id string) (*Zone, error) {
	if z := r.a.dns.zones[tail(id, "/")]; z != nil {
		return z, nil
	}
	return nil, lawZoneRefs.Refuse("NoSuchHostedZone", "No hosted zone found with ID: %s", id)
}

// Records lists a zone's record sets by name and type.
func (r *Route53) Records(p iam.Principal, zoneID string) ([]Record, error) {
	z, err := r.zone(zoneID)
	if err != nil {
		return nil, err
	}
	if err := r.a.Authorize(p, "route53:ListResourceRecordSets", z.ARN); err != nil {
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
	if err := r.a.authorize(op, r.by(op), p, "route53:ChangeResourceRecordSets", z.ARN, changeKeys(changes)); err != nil {
		return err
	}
	op.DependsFor(r.by(op), z.URN, lawZoneRefs)
	r.a.changes++
	return z.change(r.by(op), changes)
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

func (z *Zone) change(urn string, changes []RecordChange) error {
	next := slices.Clone(z.Records)
	for _, c := range changes {
		rec := c.Record
		rec.Name = strings.ToLower(strings.TrimSuffix(rec.Name, ".")) + "."
		if rec.URN == "" {
			rec.URN = urn
		}
		if rec.Name != z.Name+"." && !strings.HasSuffix(rec.Name, "."+z.Name+".") {
			return badBatch("RRSet with DNS name %s is not permitted in zone %s.", rec.Name, z.Name+".")
		}
		if rec.Name == z.Name+"." && (rec.Type == "SOA" || rec.Type == "NS") {
			if err := z.changeApex(c.Action, rec); err != nil {
				return err
			}
			continue
		}
		at := slices.IndexFunc(next, func(have Record) bool { return have.Name == rec.Name && have.Type == rec.Type })
		switch {
		case c.Action == "CREATE" && at >= 0:
			return badBatch("Tried to create resource record set [name='%s', type='%s'] but it already exists", rec.Name, rec.Type)
		case c.Action == "DELETE" && at < 0:
			return badBatch("Tried to delete resource record set [name='%s', type='%s'] but it was not found", rec.Name, rec.Type)
		case c.Action == "DELETE" && !slices.Equal(next[at].Values, rec.Values):
			return badBatch("Tried to delete resource record set [name='%s', type='%s'] but the values provided do not match the current values", rec.Name, rec.Type)
		case c.Action == "DELETE":
			next = slices.Delete(next, at, at+1)
		case at >= 0:
			next[at] = rec
		default:
			if other := slices.IndexFunc(next, func(have Record) bool {
				return have.Name == rec.Name && (rec.Type == "CNAME" || have.Type == "CNAME")
			}); other >= 0 {
				return badBatch("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type %s with the same DNS name already exists in zone %s.",
					rec.Type, rec.Name, next[other].Type, z.Name+".")
			}
			next = append(next, rec)
		}
	}
	slices.SortFunc(next, func(x, y Record) int { return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Type, y.Type)) })
	z.Records = next
	return nil
}

// changeApex changes the two record sets that every zone has.
func (z *Zone) changeApex(action string, rec Record) error {
	switch {
	case action == "CREATE":
		return badBatch("Tried to create resource record set [name='%s', type='%s'] but it already exists", rec.Name, rec.Type)
	case action == "DELETE" && rec.Type == "SOA":
		return badBatch("A HostedZone must contain exactly one SOA record.")
	case action == "DELETE":
		return badBatch("A HostedZone must contain at least one NS record for the zone itself.")
	case rec.Type == "SOA":
		z.SOA = rec
	}
	return nil
}

func badBatch(format string, args ...any) error {
	r := lawRecords.Refuse("InvalidChangeBatch", format, args...)
	r.Message = "[" + r.Message + "]"
	return r
}

var recordKind = &kind{
	token:    "aws:route53/record:Record",
	required: []string{"name", "type", "zoneId"},
	forceNew: []string{"name", "type", "zoneId", "setIdentifier"},
	sets:     []string{"records"},
	untagged: true,
	create: func(r *request) (string, error) {
		z := r.dns.zones[r.str("zoneId")]
		if z == nil {
			return "", lawZoneRefs.Refuse("NoSuchHostedZone", "No hosted zone found with ID: %s", r.str("zoneId"))
		}
		action := "CREATE"
		if r.flag("allowOverwrite") {
			action = "UPSERT"
		}
		return z.ID + "_" + r.str("name") + "_" + r.str("type"), z.change(r.urn, []RecordChange{{action, r.record(z)}})
	},
	update: func(r *request) error {
		z := r.dns.zones[r.str("zoneId")]
		return z.change(r.urn, []RecordChange{{"UPSERT", r.record(z)}})
	},
	remove: func(r *request) error {
		z := r.dns.zones[r.str("zoneId")]
		return z.change(r.urn, []RecordChange{{"DELETE", r.record(z)}})
	},
	outputs: func(r *request) engine.Props {
		z := r.dns.zones[r.str("zoneId")]
		if z == nil {
			return nil
		}
		rec := r.record(z)
		all := append([]Record{z.SOA}, z.Records...)
		at := slices.IndexFunc(all, func(have Record) bool { return have.Name == rec.Name && have.Type == rec.Type })
		if at < 0 {
			return nil
		}
		return engine.Props{"ttl": all[at].TTL, "records": list(all[at].Values), "fqdn": strings.TrimSuffix(rec.Name, ".")}
	},
}

func (r *request) record(z *Zone) Record {
	name := strings.TrimSuffix(r.str("name"), ".")
	if name != z.Name && !strings.HasSuffix(name, "."+z.Name) {
		name += "." + z.Name
	}
	return Record{Name: strings.ToLower(name) + ".", Type: r.str("type"), TTL: r.num("ttl"), Values: r.list("records"), URN: r.urn}
}
