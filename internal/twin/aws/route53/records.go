package route53

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// RecordChange is one change of a batch.
type RecordChange struct {
	Action string // "CREATE", "UPSERT", "DELETE"
	Record Record
}

var lawRecords = law.New(law.DNS, "record-changes",
	"A batch of changes is applied as a whole or not at all: names lie in the zone, CREATE finds nothing, DELETE finds exactly what it names "+
		"and neither SOA nor NS of the zone, and a CNAME stands alone at its name.",
	"https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html")

// change applies a batch for a resource, all or nothing.
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
		var err error
		if rec.Name == z.Name+"." && (rec.Type == "SOA" || rec.Type == "NS") {
			err = z.changeApex(c.Action, rec)
		} else {
			next, err = z.changeOne(next, c.Action, rec)
		}
		if err != nil {
			return err
		}
	}
	slices.SortFunc(next, func(x, y Record) int { return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Type, y.Type)) })
	z.Records = next
	return nil
}

// changeOne applies one change to the records of a batch.
func (z *Zone) changeOne(records []Record, action string, rec Record) ([]Record, error) {
	at := slices.IndexFunc(records, func(have Record) bool { return have.Name == rec.Name && have.Type == rec.Type })
	switch {
	case action == "CREATE" && at >= 0:
		return nil, badBatch("Tried to create resource record set [name='%s', type='%s'] but it already exists", rec.Name, rec.Type)
	case action == "DELETE" && at < 0:
		return nil, badBatch("Tried to delete resource record set [name='%s', type='%s'] but it was not found", rec.Name, rec.Type)
	case action == "DELETE" && !slices.Equal(records[at].Values, rec.Values):
		return nil, badBatch("Tried to delete resource record set [name='%s', type='%s'] "+
			"but the values provided do not match the current values", rec.Name, rec.Type)
	case action == "DELETE":
		return slices.Delete(records, at, at+1), nil
	case at >= 0:
		records[at] = rec
		return records, nil
	}
	conflict := slices.IndexFunc(records, func(have Record) bool {
		return have.Name == rec.Name && (rec.Type == "CNAME" || have.Type == "CNAME")
	})
	if conflict >= 0 {
		return nil, badBatch("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type %s "+
			"with the same DNS name already exists in zone %s.", rec.Type, rec.Name, records[conflict].Type, z.Name+".")
	}
	return append(records, rec), nil
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

// A record is part of its zone.
var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:route53/record:Record",
		Required: []string{"name", "type", "zoneId"},
		ForceNew: []string{"name", "type", "zoneId", "setIdentifier"},
		Sets:     []string{"records"},
		Untagged: true,
		Refers:   ofZone,
		Takes:    cloud.Durations{Create: 35 * time.Second, Update: 35 * time.Second, Delete: 35 * time.Second},
	},
	Create: func(r *cloud.Request) (string, error) {
		action := "CREATE"
		if r.Flag("allowOverwrite") {
			action = "UPSERT"
		}
		return r.Str("zoneId") + "_" + r.Str("name") + "_" + r.Str("type"), changeOf(r, action)
	},
	Update: func(r *cloud.Request) error { return changeOf(r, "UPSERT") },
	Delete: func(r *cloud.Request) error { return changeOf(r, "DELETE") },
	Outputs: func(r *cloud.Request) engine.Props {
		z := Zones.Get(r.Account, r.Str("zoneId"))
		if z == nil {
			return nil
		}
		rec := recordOf(r, z)
		all := append([]Record{z.SOA}, z.Records...)
		at := slices.IndexFunc(all, func(have Record) bool { return have.Name == rec.Name && have.Type == rec.Type })
		if at < 0 {
			return nil
		}
		return engine.Props{"ttl": all[at].TTL, "records": cloud.List(all[at].Values), "fqdn": strings.TrimSuffix(rec.Name, ".")}
	},
})

func changeOf(r *cloud.Request, action string) error {
	z := Zones.Get(r.Account, r.Str("zoneId"))
	return z.change(r.URN, []RecordChange{{action, recordOf(r, z)}})
}

func recordOf(r *cloud.Request, z *Zone) Record {
	name := strings.TrimSuffix(r.Str("name"), ".")
	if name != z.Name && !strings.HasSuffix(name, "."+z.Name) {
		name += "." + z.Name
	}
	return Record{Name: strings.ToLower(name) + ".", Type: r.Str("type"), TTL: r.Num("ttl"), Values: r.List("records"), URN: r.URN}
}
