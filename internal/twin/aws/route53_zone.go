package aws

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

// dnsState is what Route 53 keeps.
type dnsState struct {
	zones map[string]*Zone
}

func newDNS() dnsState { return dnsState{zones: map[string]*Zone{}} }

// Zone is a hosted zone; a private one has VPCs.
type Zone struct {
	Meta
	Private      bool
	ForceDestroy bool
	VPCs         []ZoneVPC
	Records      []Record // the zone's own NS and SOA are not among them
	SOA          Record
	// missed are the names that VPCs asked for in vain, and until when they
	// remember it; by VPC id and name.
	missed map[string]time.Time
}

// ZoneVPC is one VPC that resolves the zone.
type ZoneVPC struct {
	VPCID string
	URN   string // the zone's or the association's
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

var zoneKind = &kind{
	token:    "aws:route53/zone:Zone",
	forceNew: []string{"name", "delegationSetId"},
	sets:     []string{"vpcs"},
	autoname: "name",
	nameMax:  1024,
	defaults: engine.Props{"comment": "Managed by Pulumi", "forceDestroy": false},
	create: func(r *request) (string, error) {
		id := "Z" + strings.ToUpper(r.World.ID(r.urn, 19))
		z := &Zone{
			Meta:         r.meta(id, r.arn("route53", "", "", "hostedzone/"+id), strings.TrimSuffix(r.str("name"), ".")),
			ForceDestroy: r.flag("forceDestroy"), Private: len(r.objs("vpcs")) > 0,
			missed: map[string]time.Time{},
		}
		z.SOA = Record{Name: z.Name + ".", Type: "SOA", TTL: 900, URN: r.urn,
			Values: []string{"ns-0.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}}
		for _, v := range r.objs("vpcs") {
			if err := r.addZoneVPC(z, text(v["vpcId"]), r.urn); err != nil {
				return "", err
			}
		}
		r.dns.zones[id] = z
		return id, nil
	},
	update: updateZone,
	remove: func(r *request) error {
		z := r.dns.zones[r.id]
		if len(z.Records) > 0 && !r.flag("forceDestroy") {
			return lawZoneDeletion.Refuse("HostedZoneNotEmpty",
				"The specified hosted zone contains non-required resource record sets and so cannot be deleted. (%s %s)", z.Records[0].Name, z.Records[0].Type)
		}
		delete(r.dns.zones, z.ID)
		return nil
	},
	outputs: func(r *request) engine.Props {
		z := r.dns.zones[r.id]
		if z == nil {
			return nil
		}
		servers := []any{}
		if z.Private {
			servers = []any{"ns-0.awsdns-00.com", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk", "ns-512.awsdns-00.net"}
		} else {
			for i, tld := range []string{"com", "org", "co.uk", "net"} {
				servers = append(servers, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 100+i*512, 10+i, tld))
			}
		}
		vpcs := []any{}
		for _, v := range z.VPCs {
			region := z.Region
			if vpc := r.ec2.vpcs[v.VPCID]; vpc != nil {
				region = vpc.Region
			}
			vpcs = append(vpcs, engine.Props{"vpcId": v.VPCID, "vpcRegion": region})
		}
		return engine.Props{"arn": z.ARN, "zoneId": z.ID, "nameServers": servers, "primaryNameServer": servers[0], "vpcs": vpcs,
			"tagsAll": z.tagsAll()}
	},
}

// updateZone follows the provider: VPCs that the zone's own list lacks go, even
// when a separate association brought them.
func updateZone(r *request) error {
	z := r.dns.zones[r.id]
	z.Tags, z.ForceDestroy = r.tags(), r.flag("forceDestroy")
	if !r.changed("vpcs") {
		return nil
	}
	var want []string
	for _, v := range r.objs("vpcs") {
		want = append(want, text(v["vpcId"]))
	}
	if len(want) == 0 && z.Private {
		return lastVPC()
	}
	for _, id := range want {
		if !z.has(id) {
			if err := r.addZoneVPC(z, id, r.urn); err != nil {
				return err
			}
		}
	}
	z.VPCs = slices.DeleteFunc(z.VPCs, func(v ZoneVPC) bool { return !slices.Contains(want, v.VPCID) })
	return nil
}

func lastVPC() error {
	return lawZonePrivate.Refuse("LastVPCAssociation",
		"The VPC that you are trying to disassociate from the private hosted zone is the last VPC that is associated with the hosted zone.")
}

func (z *Zone) has(vpcID string) bool {
	return slices.ContainsFunc(z.VPCs, func(v ZoneVPC) bool { return v.VPCID == vpcID })
}

func (r *request) addZoneVPC(z *Zone, vpcID, urn string) error {
	if r.ec2.vpcs[vpcID] == nil {
		return lawZoneRefs.Refuse("InvalidVPCId", "The VPC: %s in region %s that you provided is not authorized to make the association or does not exist.", vpcID, r.region)
	}
	for _, other := range sorted(r.dns.zones) {
		if strings.EqualFold(other.Name, z.Name) && other.has(vpcID) {
			return lawZoneOnce.Refuse("ConflictingDomainExists",
				"The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", vpcID, r.region, other.ID)
		}
	}
	if z.has(vpcID) {
		return lawZoneOnce.Refuse("ConflictingDomainExists",
			"The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", vpcID, r.region, z.ID)
	}
	z.VPCs = append(z.VPCs, ZoneVPC{VPCID: vpcID, URN: urn})
	return nil
}

var zoneAssociationKind = &kind{
	token:    "aws:route53/zoneAssociation:ZoneAssociation",
	required: []string{"vpcId", "zoneId"},
	forceNew: []string{"vpcId", "zoneId", "vpcRegion"},
	untagged: true,
	create: func(r *request) (string, error) {
		z := r.dns.zones[r.str("zoneId")]
		switch {
		case z == nil:
			return "", lawZoneRefs.Refuse("NoSuchHostedZone", "No hosted zone found with ID: %s", r.str("zoneId"))
		case !z.Private:
			return "", lawZonePrivate.Refuse("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone. Amazon Route 53 doesn't support associating a VPC with a public hosted zone.")
		}
		if err := r.addZoneVPC(z, r.str("vpcId"), r.urn); err != nil {
			return "", err
		}
		return z.ID + ":" + r.str("vpcId"), nil
	},
	remove: func(r *request) error {
		z := r.dns.zones[r.str("zoneId")]
		if len(z.VPCs) == 1 {
			return lastVPC()
		}
		z.VPCs = slices.DeleteFunc(z.VPCs, func(v ZoneVPC) bool { return v.VPCID == r.str("vpcId") })
		return nil
	},
	outputs: func(r *request) engine.Props {
		z := r.dns.zones[r.str("zoneId")]
		if z == nil || !z.has(r.str("vpcId")) {
			return nil
		}
		return engine.Props{"owningAccount": r.ID, "vpcRegion": r.or("vpcRegion", r.region)}
	},
}
