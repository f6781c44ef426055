package route53

import (
	"strconv"
	"strings"
	"time"

	"eks-lattice/internal/twin/aws/ec2"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/law"
)

// LatticeAddress is what names of VPC Lattice services resolve to: one of its
// link-local addresses. https://docs.aws.amazon.com/vpc-lattice/latest/ug/how-it-works.html
const LatticeAddress = "169.254.171.32"

var (
	lawResolveZone = law.New(law.DNS, "vpc-resolves-associated-zones",
		"A VPC resolves the names of the private zones that are associated with it, and of no other.",
		"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html")
	lawResolveSupport = law.New(law.DNS, "vpc-dns-attributes",
		"Private zones resolve only in a VPC with DNS support and DNS hostnames enabled.",
		"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html")
)

var lawNegative = law.New(law.DNS, "missing-names-are-remembered",
	"A client that asks for a name too early caches the negative answer: a VPC's resolver keeps it for the smaller of the TTL "+
		"and the minimum TTL of the zone's SOA record, 15 minutes by default.",
	"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html")

// Resolve follows name from a VPC's resolver, through the private zones
// associated with the VPC, to an address or to a name of VPC Lattice. chain
// lists the names on the way; zone is the private zone that answered first. A
// name that nothing answers is an error with NXDOMAIN in it.
func (r *Route53) Resolve(vpcID, name string) (value string, zone *Zone, chain []string, err error) {
	vpc := ec2.VPCs.Get(r.account, vpcID)
	if vpc == nil {
		return "", nil, nil, lawResolveZone.Refuse("SERVFAIL", "no resolver: VPC %s does not exist", vpcID)
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for range 8 { // resolvers give up on longer chains
		chain = append(chain, name)
		if strings.HasSuffix(name, ".on.aws") && strings.Contains(name, ".vpc-lattice-svcs.") {
			return name, zone, chain, r.latticeName(name)
		}
		z := r.zoneFor(vpcID, name)
		if z == nil {
			return "", zone, chain, lawResolveZone.Refuse("NXDOMAIN",
				"%s does not resolve in VPC %s: no associated private zone holds it", name, vpcID)
		}
		if !vpc.DNSSupport || !vpc.DNSHostnames {
			return "", z, chain, lawResolveSupport.Refuse("NXDOMAIN",
				"%s does not resolve in VPC %s: enableDnsSupport and enableDnsHostnames must both be on", name, vpcID)
		}
		if zone == nil {
			zone = z
		}
		if until := z.missed[vpcID+" "+name]; r.account.World.Now().Before(until) {
			return "", zone, chain, lawNegative.Refuse("NXDOMAIN",
				"%s was asked for before it had a record: the resolver caches the negative answer for another %.0f s", name,
				until.Sub(r.account.World.Now()).Seconds())
		}
		rec := z.answer(name)
		switch {
		case rec == nil:
			z.missed[vpcID+" "+name] = r.account.World.Now().Add(z.negativeTTL())
			return "", zone, chain, lawResolveZone.Refuse("NXDOMAIN", "%s has no record in zone %s (%s)", name, z.Name, z.ID)
		case rec.Type == "CNAME":
			name = strings.ToLower(strings.TrimSuffix(rec.Values[0], "."))
		default:
			return rec.Values[0], zone, chain, nil
		}
	}
	return "", zone, chain, lawResolveZone.Refuse("SERVFAIL", "%s: the chain of CNAMEs is too long", chain[0])
}

// negativeTTL is how long resolvers remember that a name does not exist.
func (z *Zone) negativeTTL() time.Duration {
	fields := strings.Fields(z.SOA.Values[0])
	minimum, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		minimum = z.SOA.TTL
	}
	return time.Duration(min(minimum, z.SOA.TTL)) * time.Second
}

// latticeName reports whether a service has the name.
func (r *Route53) latticeName(name string) error {
	for _, svc := range vpclattice.Services.All(r.account) {
		if strings.EqualFold(svc.DNSName, name) {
			return nil
		}
	}
	return lawResolveZone.Refuse("NXDOMAIN", "%s is the name of no VPC Lattice service", name)
}

// zoneFor picks the associated private zone with the longest matching name.
func (r *Route53) zoneFor(vpcID, name string) *Zone {
	var best *Zone
	for _, z := range Zones.All(r.account) {
		matches := name == z.Name || strings.HasSuffix(name, "."+z.Name)
		if matches && z.Private && z.Has(vpcID) && (best == nil || len(z.Name) > len(best.Name)) {
			best = z
		}
	}
	return best
}

// answer returns the A or CNAME record of a name, or of a wildcard above it.
func (z *Zone) answer(name string) *Record {
	for _, candidate := range []string{name, "*." + afterDot(name)} {
		for i := range z.Records {
			rec := &z.Records[i]
			if rec.Name == candidate+"." && (rec.Type == "CNAME" || rec.Type == "A") && len(rec.Values) > 0 {
				return rec
			}
		}
	}
	return nil
}

func afterDot(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}
