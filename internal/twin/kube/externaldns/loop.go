package externaldns

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/aws/route53"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/kubelet"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/world"
)

// loop is one loop of the leading pod.
type loop struct {
	mgr           *controller.Manager
	op            *world.Op
	process       kubelet.Process
	owner, prefix string
}

// mine applies the filters for zones.
func (e *loop) mine(zone *route53.Zone) bool {
	if ids := e.process.Args["zone-id-filter"]; len(ids) > 0 && !slices.Contains(ids, zone.ID) {
		return false
	}
	switch kind := e.process.Arg("aws-zone-type", ""); {
	case kind == "private" && !zone.Private, kind == "public" && zone.Private:
		return false
	}
	return e.inDomain(zone.Name) || slices.ContainsFunc(e.process.Args["domain-filter"],
		func(d string) bool { return strings.HasSuffix(d, "."+zone.Name) })
}

func (e *loop) inDomain(name string) bool {
	filters := e.process.Args["domain-filter"]
	name = strings.TrimSuffix(name, ".")
	return len(filters) == 0 || slices.ContainsFunc(filters, func(d string) bool { return name == d || strings.HasSuffix(name, "."+d) })
}

func (e *loop) endpoints() []*api.Object {
	return e.mgr.API.List("externaldns.k8s.io", "DNSEndpoint", "")
}

// skip records which DNSEndpoints ask for records that are in none of the zones.
func (e *loop) skip(zones []*route53.Zone) {
	for _, endpoint := range e.endpoints() {
		e.mgr.Clear(endpoint)
		for _, ep := range obj.Maps(endpoint.Content, "spec", "endpoints") {
			name := obj.Str(ep, "dnsName") + "."
			if !slices.ContainsFunc(zones, func(z *route53.Zone) bool { return e.inZone(name, z) }) {
				e.mgr.Blame(endpoint, LawZone, "Skipping record %s because no hosted zone matching record DNS Name was detected", name)
			}
		}
	}
}

// inZone reports whether a zone takes a record of a name.
func (e *loop) inZone(name string, zone *route53.Zone) bool {
	return e.inDomain(name) && strings.HasSuffix(name, "."+strings.TrimSuffix(zone.Name, ".")+".")
}

// txtName is the name of a record's TXT record: prefix, record type, name.
// https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/
func (e *loop) txtName(kind, name string) string {
	return e.prefix + strings.ToLower(kind) + "-" + strings.TrimSuffix(name, ".") + "."
}

func (e *loop) txtValue(endpoint *api.Object) string {
	return fmt.Sprintf("%q", fmt.Sprintf("heritage=external-dns,external-dns/owner=%s,external-dns/resource=crd/%s/%s", e.owner,
		endpoint.Namespace, endpoint.Name))
}

// sync plans and applies the changes of one zone.
func (e *loop) sync(s podidentity.Session, zone *route53.Zone) error {
	api53 := e.mgr.Account.Route53("")
	records, err := api53.Records(s.Principal, zone.ID)
	if err != nil {
		return err
	}
	have := map[string]route53.Record{}
	for _, r := range records {
		have[r.Type+" "+r.Name] = r
	}
	wanted := map[string]bool{}
	for _, endpoint := range e.endpoints() {
		for _, ep := range obj.Maps(endpoint.Content, "spec", "endpoints") {
			name, kind := obj.Str(ep, "dnsName")+".", obj.Str(ep, "recordType")
			if !e.inZone(name, zone) {
				continue
			}
			wanted[kind+" "+name] = true
			s.On(endpoint)
			endpoint.DependsOn(zone.URN, LawZone)
			e.recordOnOwners(s, endpoint, zone)
			record := route53.Record{Name: name, Type: kind, TTL: int(obj.Int(ep, "recordTTL")), Values: obj.Strings(ep, "targets")}
			txt := route53.Record{Name: e.txtName(kind, name), Type: "TXT", TTL: record.TTL, Values: []string{e.txtValue(endpoint)}}
			if err := e.upsert(s, zone, endpoint, have, record, txt); err != nil {
				return err
			}
		}
	}
	if e.process.Arg("policy", "") != "sync" {
		return nil
	}
	return e.prune(s, zone, records, have, wanted)
}

// loopDelay is how long ExternalDNS takes to notice a change: at an event five
// seconds until its next loop, which a ticker of one second starts, else its
// whole interval.
// https://github.com/kubernetes-sigs/external-dns/blob/v0.21.0/controller/controller.go
func (e *loop) loopDelay() time.Duration {
	name, delay := "interval", time.Minute
	if len(e.process.Args["events"]) > 0 {
		name, delay = "min-event-sync-interval", 5*time.Second
	}
	if d, err := time.ParseDuration(e.process.Arg(name, "")); err == nil && (name == "interval" || d > delay) {
		delay = d
	}
	return delay + time.Second
}

// recordOnOwners records on the owners of a DNSEndpoint, its route, what the
// record depends on.
func (e *loop) recordOnOwners(s podidentity.Session, endpoint *api.Object, zone *route53.Zone) {
	for _, ref := range obj.Maps(endpoint.Content, "metadata", "ownerReferences") {
		gvk := schema.FromAPIVersionAndKind(obj.Str(ref, "apiVersion"), obj.Str(ref, "kind"))
		route := e.mgr.API.Get(gvk.Group, gvk.Kind, endpoint.Namespace, obj.Str(ref, "name"))
		if route != nil && endpoint.OwnedBy(route) && !route.Terminating() {
			s.On(route)
			route.DependsOn(zone.URN, LawZone)
		}
	}
}

func (e *loop) upsert(s podidentity.Session, zone *route53.Zone, endpoint *api.Object, have map[string]route53.Record, record,
	txt route53.Record) error {
	old, exists := have[record.Type+" "+record.Name]
	owned := e.owns(have, record)
	switch {
	case exists && !owned:
		e.mgr.Blame(endpoint, LawOwner, "%s %s exists and is not owned by %q", record.Type, record.Name, e.owner)
		return nil
	case exists && slices.Equal(old.Values, record.Values):
		return nil
	}
	changes := []route53.RecordChange{{Action: "UPSERT", Record: record}, {Action: "UPSERT", Record: txt}}
	return e.mgr.Account.Route53(endpoint.URN).ChangeRecords(e.op, s.Principal, zone.ID, changes)
}

// owns reports whether a record's TXT record names this ExternalDNS.
func (e *loop) owns(have map[string]route53.Record, record route53.Record) bool {
	txt, ok := have["TXT "+e.txtName(record.Type, record.Name)]
	return ok && len(txt.Values) > 0 && strings.Contains(txt.Values[0], "external-dns/owner="+e.owner+",")
}

// prune deletes its own records that nothing asks for.
func (e *loop) prune(s podidentity.Session, zone *route53.Zone, records []route53.Record, have map[string]route53.Record,
	wanted map[string]bool) error {
	for _, r := range records {
		if r.Type == "TXT" || wanted[r.Type+" "+r.Name] || !e.inDomain(r.Name) || !e.owns(have, r) {
			continue
		}
		txt := have["TXT "+e.txtName(r.Type, r.Name)]
		changes := []route53.RecordChange{{Action: "DELETE", Record: r}, {Action: "DELETE", Record: txt}}
		if err := e.mgr.Account.Route53(r.URN).ChangeRecords(e.op, s.Principal, zone.ID, changes); err != nil {
			return err
		}
		s.MustOutlive(e.op, e.loopDelay(), LawRecordStays)
	}
	return nil
}
