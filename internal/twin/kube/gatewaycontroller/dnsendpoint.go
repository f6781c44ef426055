package gatewaycontroller

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
)

// dnsEndpoint is the kind that ExternalDNS reads.
var dnsEndpoint = schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"}

// writeDNSEndpoint writes `<route>-dns` for ExternalDNS. The route owns it, so that
// it is deleted with the route.
func (d *deployer) writeDNSEndpoint(service *vpclattice.Service) {
	if service.CustomDomain == "" || !d.mgr.API.Serves(dnsEndpoint) {
		return
	}
	if !d.process.dnsEndpoint {
		d.mgr.Blame(d.route, LawDNSEndpoint, "DNSEndpoint was not served when the controller started")
		return
	}
	spec := obj.Map{"endpoints": []any{obj.Map{
		"dnsName": service.CustomDomain, "recordType": "CNAME", "recordTTL": int64(300), "targets": []any{service.DNSName}}}}
	if have := d.mgr.API.Get(dnsEndpoint.Group, dnsEndpoint.Kind, d.route.Namespace, d.route.Name+"-dns"); have != nil {
		_ = d.mgr.API.Write(have, latticeManager, func(content obj.Map) { content["spec"] = spec })
		return
	}
	o, err := d.mgr.API.Create(controller.Acting(d.op, d.route), obj.Map{
		"apiVersion": dnsEndpoint.GroupVersion().String(), "kind": dnsEndpoint.Kind,
		"metadata": obj.Map{"name": d.route.Name + "-dns", "namespace": d.route.Namespace, "ownerReferences": []any{d.route.OwnerReference()}},
		"spec":     spec,
	}, latticeManager)
	if err != nil {
		d.mgr.Blame(d.route, LawDNSEndpoint, "%s", controller.Message(err))
		return
	}
	o.URN = d.route.URN
}
