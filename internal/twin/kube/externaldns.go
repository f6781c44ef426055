package kube

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/podidentity"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawRecordZone = law.New(law.DNS, "records-only-in-own-zones",
		"ExternalDNS writes only into hosted zones that match its domain filter, zone id filter and zone type.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/")
	lawRecordOwner = law.New(law.DNS, "records-have-owners",
		"ExternalDNS changes and deletes only records whose TXT record names its own owner id; two clusters of the same owner id delete each other's.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/")
	lawRecordStays = law.New(law.DNS, "records-outlive-externaldns",
		"Records stay in their zone when ExternalDNS goes before its next loop after the objects that they come from, or when its policy is upsert-only.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/")
	lawRecordCRD = law.New(law.DNS, "crd-source-needs-its-crd",
		"ExternalDNS exits when the source crd is configured and DNSEndpoint is not served.",
		"https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/")
)

// startExternalDNS is the start of ExternalDNS.
func (c *Cluster) startExternalDNS(pod *api.Object, p *process) error {
	if slices.Contains(p.Args["source"], "crd") {
		gvk := schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"}
		if !c.API.Serves(gvk) {
			return lawRecordCRD.Refuse("", "CrashLoopBackOff: no matches for kind \"DNSEndpoint\" in version \"externaldns.k8s.io/v1alpha1\"")
		}
		if crd := c.API.Definition(gvk.Group, gvk.Kind); crd != nil {
			pod.DependsOn(crd.URN, lawRecordCRD)
		}
	}
	return nil
}

// externalDNS is the running ExternalDNS of a cluster.
type externalDNS struct {
	*Cluster
	op            *world.Op
	pod           *api.Object
	args          map[string][]string
	owner, prefix string
}

// runExternalDNS is one loop of ExternalDNS: what DNSEndpoints ask for, against
// what its zones hold.
func (c *Cluster) runExternalDNS(op *world.Op) {
	pod, p := c.running(dnsProgram{c})
	if pod == nil || !slices.Contains(p.Args["source"], "crd") {
		return
	}
	c.Clear(pod)
	e := &externalDNS{c, op, pod, p.Args, p.Arg("txt-owner-id", "default"), p.Arg("txt-prefix", "")}
	s, err := c.identity.Session(pod)
	if err != nil {
		c.Fail(pod, lawRecordZone, err)
		return
	}
	zones, err := c.Account.Route53(pod.URN).Zones(s.Principal)
	if err != nil {
		c.Fail(pod, lawRecordZone, err)
		return
	}
	for _, zone := range zones {
		if !e.mine(zone) {
			continue
		}
		if err := e.sync(s, zone); err != nil {
			for _, o := range append(e.endpoints(), pod) {
				c.Fail(o, lawRecordZone, err)
			}
		}
	}
}

// mine applies the filters for zones.
func (e *externalDNS) mine(zone *aws.Zone) bool {
	if ids := e.args["zone-id-filter"]; len(ids) > 0 && !slices.Contains(ids, zone.ID) {
		return false
	}
	switch kind := e.arg("aws-zone-type"); {
	case kind == "private" && !zone.Private, kind == "public" && zone.Private:
		return false
	}
	return e.inDomain(zone.Name) || slices.ContainsFunc(e.args["domain-filter"], func(d string) bool { return strings.HasSuffix(d, "."+zone.Name) })
}

func (e *externalDNS) inDomain(name string) bool {
	filters := e.args["domain-filter"]
	name = strings.TrimSuffix(name, ".")
	return len(filters) == 0 || slices.ContainsFunc(filters, func(d string) bool { return name == d || strings.HasSuffix(name, "."+d) })
}

func (e *externalDNS) endpoints() []*api.Object {
	return e.API.List("externaldns.k8s.io", "DNSEndpoint", "")
}

// txtName is the name of a record's TXT record: prefix, record type, name.
// https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/
func (e *externalDNS) txtName(kind, name string) string {
	return e.prefix + strings.ToLower(kind) + "-" + strings.TrimSuffix(name, ".") + "."
}

func (e *externalDNS) txtValue(endpoint *api.Object) string {
	return fmt.Sprintf("%q", fmt.Sprintf("heritage=external-dns,external-dns/owner=%s,external-dns/resource=crd/%s/%s", e.owner, endpoint.Namespace, endpoint.Name))
}

// sync plans and applies the changes of one zone.
func (e *externalDNS) sync(s podidentity.Session, zone *aws.Zone) error {
	api53 := e.Account.Route53("")
	records, err := api53.Records(s.Principal, zone.ID)
	if err != nil {
		return err
	}
	have := map[string]aws.Record{}
	for _, r := range records {
		have[r.Type+" "+r.Name] = r
	}
	wanted := map[string]bool{}
	for _, endpoint := range e.endpoints() {
		for _, ep := range obj.Maps(endpoint.Content, "spec", "endpoints") {
			name, kind := obj.Str(ep, "dnsName")+".", obj.Str(ep, "recordType")
			if !e.inDomain(name) || !strings.HasSuffix(name, "."+strings.TrimSuffix(zone.Name, ".")+".") {
				continue
			}
			wanted[kind+" "+name] = true
			s.On(endpoint)
			endpoint.DependsOn(zone.URN, lawRecordZone)
			e.noteOn(s, endpoint, zone)
			record := aws.Record{Name: name, Type: kind, TTL: int(obj.Int(ep, "recordTTL")), Values: obj.Strings(ep, "targets")}
			txt := aws.Record{Name: e.txtName(kind, name), Type: "TXT", TTL: record.TTL, Values: []string{e.txtValue(endpoint)}}
			if err := e.upsert(s, zone, endpoint, have, record, txt); err != nil {
				return err
			}
		}
	}
	if e.arg("policy") != "sync" {
		return nil
	}
	return e.prune(s, zone, records, have, wanted)
}

func (e *externalDNS) arg(name string) string {
	if v := e.args[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// loopDelay is how long ExternalDNS takes to notice a change: at an event five
// seconds until its next loop, which a ticker of one second starts, else its
// whole interval.
// https://github.com/kubernetes-sigs/external-dns/blob/v0.21.0/controller/controller.go
func (e *externalDNS) loopDelay() time.Duration {
	name, delay := "interval", time.Minute
	if len(e.args["events"]) > 0 {
		name, delay = "min-event-sync-interval", 5*time.Second
	}
	if d, err := time.ParseDuration(e.arg(name)); err == nil && (name == "interval" || d > delay) {
		delay = d
	}
	return delay + time.Second
}

// noteOn lets the owner of a DNSEndpoint, a route, know what its record takes.
func (e *externalDNS) noteOn(s podidentity.Session, endpoint *api.Object, zone *aws.Zone) {
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute"} {
		for _, route := range e.API.List(gatewayGroup, kind, endpoint.Namespace) {
			if endpoint.OwnedBy(route) && !route.Terminating() {
				s.On(route)
				route.DependsOn(zone.URN, lawRecordZone)
			}
		}
	}
}

func (e *externalDNS) upsert(s podidentity.Session, zone *aws.Zone, endpoint *api.Object, have map[string]aws.Record, record, txt aws.Record) error {
	old, exists := have[record.Type+" "+record.Name]
	owned := e.owns(have, record)
	switch {
	case exists && !owned:
		e.Blame(endpoint, lawRecordOwner, "%s %s exists and is not owned by %q", record.Type, record.Name, e.owner)
		return nil
	case exists && slices.Equal(old.Values, record.Values):
		return nil
	}
	changes := []aws.RecordChange{{Action: "UPSERT", Record: record}, {Action: "UPSERT", Record: txt}}
	return e.Account.Route53(endpoint.URN).ChangeRecords(e.op, s.Principal, zone.ID, changes)
}

// owns tells whether a record's TXT record names this ExternalDNS.
func (e *externalDNS) owns(have map[string]aws.Record, record aws.Record) bool {
	txt, ok := have["TXT "+e.txtName(record.Type, record.Name)]
	return ok && len(txt.Values) > 0 && strings.Contains(txt.Values[0], "external-dns/owner="+e.owner+",")
}

// prune deletes its own records that nothing asks for.
func (e *externalDNS) prune(s podidentity.Session, zone *aws.Zone, records []aws.Record, have map[string]aws.Record, wanted map[string]bool) error {
	for _, r := range records {
		if r.Type == "TXT" || wanted[r.Type+" "+r.Name] || !e.inDomain(r.Name) || !e.owns(have, r) {
			continue
		}
		txt := have["TXT "+e.txtName(r.Type, r.Name)]
		changes := []aws.RecordChange{{Action: "DELETE", Record: r}, {Action: "DELETE", Record: txt}}
		if err := e.Account.Route53(r.URN).ChangeRecords(e.op, s.Principal, zone.ID, changes); err != nil {
			return err
		}
		s.MustOutlive(e.op, e.loopDelay(), lawRecordStays)
	}
	return nil
}
