// Package route53 is Route 53: hosted zones, their records, and the resolvers of
// VPCs.
package route53

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// Zone is a hosted zone; a private one has VPCs.
type Zone struct {
	cloud.Meta
	Private bool
	VPCs    []ZoneVPC
	Records []Record // the zone's own NS and SOA are not among them
	SOA     Record
	// missed are the names that VPCs asked for in vain, and until when they
	// remember it; by VPC id and name.
	missed map[string]time.Time
	// dropped are the VPCs of other resources that an update of the zone took away.
	dropped []ZoneVPC
}

// ZoneVPC is one VPC that resolves the zone.
type ZoneVPC struct {
	VPCID string
	URN   string // the zone's or the association's
}

// Record is a record set.
type Record struct {
	Name   string // with the trailing dot
	Type   string
	TTL    int
	Values []string
	URN    string // what caused it
}

var (
	lawZoneRefs = law.New(law.DNS, "zone-references",
		"The zone and the VPC of an association must exist.",
		"https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html")
	lawZoneOnce = law.New(law.DNS, "zone-association-conflict",
		"A VPC is associated with one private zone of a name, and with a zone once.",
		"https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html")
	lawZonePrivate = law.New(law.DNS, "zone-association-private",
		"Only a private zone takes VPCs, and its last one cannot be removed.",
		"https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html")
	lawZoneInline = law.New(law.DNS, "zone-inline-vpcs",
		"VPCs given on the zone itself are the zone's whole list: an update removes those that separate associations added.",
		"https://github.com/nullplatform/tofu-modules/issues/398")
	lawZoneDeletion = law.New(law.Deletion, "zone-not-empty",
		"A hosted zone with records of others cannot be deleted without forceDestroy.",
		"https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html")
)

// Zones are the hosted zones by id.
var Zones = cloud.NewTable[*Zone]("route53 zone", cloud.Missing{
	Law: lawZoneRefs, Code: "NoSuchHostedZone", Format: "No hosted zone found with ID: %s", Global: true,
})

var _ = cloud.Leftover(func(a *cloud.Account) (out []string) {
	for _, z := range Zones.All(a) {
		for _, r := range z.Records {
			out = append(out, fmt.Sprintf("route53 record %s %s (%s)", r.Name, r.Type, z.ID))
		}
	}
	return out
})

var ofZone = []cloud.Reference{{Property: "zoneId", To: Zones}}

var _ = cloud.DefineType(cloud.Type[*Zone]{
	Schema: cloud.Schema{
		Token:    "aws:route53/zone:Zone",
		ForceNew: []string{"name", "delegationSetId"},
		Sets:     []string{"vpcs"},
		Autoname: "name",
		NameMax:  1024,
		Defaults: engine.Props{"comment": "Managed by Pulumi", "forceDestroy": false},
		Takes:    cloud.Durations{Create: 40 * time.Second, Update: 30 * time.Second, Delete: 35 * time.Second},
	},
	Table: Zones,
	Create: func(r *cloud.Request) (*Zone, error) {
		id := "Z" + strings.ToUpper(r.Digits(19))
		z := &Zone{
			Meta:    r.Meta(id, r.Account.ARN("route53", "", "", "hostedzone/"+id), strings.TrimSuffix(r.Str("name"), ".")),
			Private: len(r.Objs("vpcs")) > 0, missed: map[string]time.Time{},
		}
		z.SOA = Record{Name: z.Name + ".", Type: "SOA", TTL: 900, URN: r.URN,
			Values: []string{"ns-0.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}}
		for _, v := range r.Objs("vpcs") {
			if err := z.add(r, cloud.Text(v["vpcId"])); err != nil {
				return nil, err
			}
		}
		return z, nil
	},
	Update: updateZone,
	Delete: func(r *cloud.Request, z *Zone) error {
		if len(z.Records) > 0 && !r.Flag("forceDestroy") {
			return lawZoneDeletion.Refuse("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets "+
				"and so cannot be deleted. (%s %s)", z.Records[0].Name, z.Records[0].Type)
		}
		Zones.Delete(r.Account, z.ID)
		return nil
	},
	Outputs: func(r *cloud.Request, z *Zone) engine.Props {
		vpcs := []any{}
		for _, v := range z.VPCs {
			region := z.Region
			if vpc := ec2.VPCs.Get(r.Account, v.VPCID); vpc != nil {
				region = vpc.Region
			}
			vpcs = append(vpcs, engine.Props{"vpcId": v.VPCID, "vpcRegion": region})
		}
		servers := z.nameServers()
		return engine.Props{"arn": z.ARN, "zoneId": z.ID, "nameServers": servers, "primaryNameServer": servers[0], "vpcs": vpcs}
	},
})

func (z *Zone) nameServers() []any {
	if z.Private {
		return []any{"ns-0.awsdns-00.com", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk", "ns-512.awsdns-00.net"}
	}
	servers := []any{}
	for i, tld := range []string{"com", "org", "co.uk", "net"} {
		servers = append(servers, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 100+i*512, 10+i, tld))
	}
	return servers
}

// updateZone follows the provider: it removes VPCs that the zone's own list
// lacks, even those that a separate association added.
func updateZone(r *cloud.Request, z *Zone) error {
	if !r.Changed("vpcs") {
		return nil
	}
	var want []string
	for _, v := range r.Objs("vpcs") {
		want = append(want, cloud.Text(v["vpcId"]))
	}
	if len(want) == 0 && z.Private {
		return lastVPC()
	}
	for _, id := range want {
		if !z.Has(id) {
			if err := z.add(r, id); err != nil {
				return err
			}
		}
	}
	for _, v := range z.VPCs {
		if !slices.Contains(want, v.VPCID) && v.URN != r.URN && v.URN != "" {
			z.dropped = append(z.dropped, v)
		}
	}
	z.VPCs = slices.DeleteFunc(z.VPCs, func(v ZoneVPC) bool { return !slices.Contains(want, v.VPCID) })
	return nil
}

var _ = cloud.Warn(func(a *cloud.Account) (out []law.Warning) {
	for _, z := range Zones.All(a) {
		for _, v := range z.dropped {
			if !z.Has(v.VPCID) {
				out = append(out, lawZoneInline.Warn("an update of zone %s (%s) removed VPC %s, which %s had associated", z.ID, z.Name, v.VPCID, v.URN))
			}
		}
	}
	return out
})

func lastVPC() error {
	return lawZonePrivate.Refuse("LastVPCAssociation", "The VPC that you are trying to disassociate from the private hosted zone "+
		"is the last VPC that is associated with the hosted zone.")
}

// Has reports whether a VPC resolves the zone.
func (z *Zone) Has(vpcID string) bool {
	return slices.ContainsFunc(z.VPCs, func(v ZoneVPC) bool { return v.VPCID == vpcID })
}

func (z *Zone) add(r *cloud.Request, vpcID string) error {
	if ec2.VPCs.Get(r.Account, vpcID) == nil {
		return lawZoneRefs.Refuse("InvalidVPCId",
			"The VPC: %s in region %s that you provided is not authorized to make the association or does not exist.", vpcID, r.Region)
	}
	for _, other := range append(Zones.All(r.Account), z) {
		if strings.EqualFold(other.Name, z.Name) && other.Has(vpcID) {
			return lawZoneOnce.Refuse("ConflictingDomainExists",
				"The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", vpcID, r.Region, other.ID)
		}
	}
	z.VPCs = append(z.VPCs, ZoneVPC{VPCID: vpcID, URN: r.URN})
	return nil
}

// An association is part of its zone.
var _ = cloud.Define(cloud.Part{
	Schema: cloud.Schema{
		Token:    "aws:route53/zoneAssociation:ZoneAssociation",
		Required: []string{"vpcId", "zoneId"},
		ForceNew: []string{"vpcId", "zoneId", "vpcRegion"},
		Untagged: true,
		Refers:   ofZone,
		Takes:    cloud.Durations{Create: 40 * time.Second, Update: cloud.Instant, Delete: 35 * time.Second},
	},
	Create: func(r *cloud.Request) (string, error) {
		z := Zones.Get(r.Account, r.Str("zoneId"))
		if !z.Private {
			return "", lawZonePrivate.Refuse("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone. "+
				"Amazon Route 53 doesn't support associating a VPC with a public hosted zone.")
		}
		return z.ID + ":" + r.Str("vpcId"), z.add(r, r.Str("vpcId"))
	},
	Delete: func(r *cloud.Request) error {
		z := Zones.Get(r.Account, r.Str("zoneId"))
		if len(z.VPCs) == 1 {
			return lastVPC()
		}
		z.VPCs = slices.DeleteFunc(z.VPCs, func(v ZoneVPC) bool { return v.VPCID == r.Str("vpcId") })
		return nil
	},
	Outputs: func(r *cloud.Request) engine.Props {
		z := Zones.Get(r.Account, r.Str("zoneId"))
		if z == nil || !z.Has(r.Str("vpcId")) {
			return nil
		}
		return engine.Props{"owningAccount": r.Account.ID, "vpcRegion": r.Or("vpcRegion", r.Region)}
	},
})
