package kube

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

var lawGroupsCollected = law.New(law.Controller, "target-groups-are-collected",
	"A route's target groups do not go with it: the controller collects them every 30 seconds, and once more when targets were still draining. Without it they stay.",
	"https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/deploy/stack_deployer.go")

const collectEvery = 30 * time.Second

// undeploy removes what a route had in AWS: association, service with its
// listeners, target groups. What another cluster owns stays.
func (l *latticeController) undeploy(route *api.Object) error {
	client, s, err := l.aws(route)
	if err != nil {
		return err
	}
	service, err := client.FindService(s.Principal, latticeServiceName(route))
	if err != nil {
		return err
	}
	if service != nil && service.Tags[managedByTag] == l.owner() && service.Tags[routeNameTag] == route.Name && service.Tags[routeSpaceTag] == route.Namespace {
		if err := l.deleteService(client, s.Principal, service); err != nil {
			return err
		}
	}
	s.MustOutlive(l.op, 2*collectEvery, lawGroupsCollected)
	return l.dropGroups(client, s.Principal, route, nil)
}

func (l *latticeController) deleteService(client *aws.Lattice, p iam.Principal, service *aws.Service) error {
	associations, err := client.ServiceAssociations(p, "", service.ID)
	if err != nil {
		return err
	}
	for _, a := range associations {
		if err := client.DisassociateService(l.op, p, a.ID); err != nil {
			return err
		}
	}
	listeners, err := client.Listeners(p, service.ID)
	if err != nil {
		return err
	}
	for _, listener := range listeners {
		if err := client.DeleteListener(l.op, p, listener.ID); err != nil {
			return err
		}
	}
	return client.DeleteService(l.op, p, service.ID)
}

// dropGroups removes the target groups that a route no longer uses.
func (l *latticeController) dropGroups(client *aws.Lattice, p iam.Principal, route *api.Object, used [][]pool) error {
	all, err := client.TargetGroups(p)
	if err != nil {
		return err
	}
	for _, group := range all {
		inUse := slices.ContainsFunc(used, func(rule []pool) bool {
			return slices.ContainsFunc(rule, func(b pool) bool { return b.group.ID == group.ID })
		})
		if inUse || group.Tags[managedByTag] != l.owner() || group.Tags[routeNameTag] != route.Name || group.Tags[routeSpaceTag] != route.Namespace {
			continue
		}
		if err := client.SetTargets(l.op, p, group.ID, nil); err != nil {
			return err
		}
		if err := client.DeleteTargetGroup(l.op, p, group.ID); err != nil {
			return err
		}
	}
	return nil
}

// dnsEndpoint writes `<route>-dns` for ExternalDNS. The route owns it, so that
// it goes with the route.
func (l *latticeController) dnsEndpoint(route *api.Object, service *aws.Service) {
	gvk := schema.GroupVersionKind{Group: "externaldns.k8s.io", Version: "v1alpha1", Kind: "DNSEndpoint"}
	if service.CustomDomain == "" || !l.process.dnsEndpoint || !l.API.Serves(gvk) {
		return
	}
	spec := obj.Map{"endpoints": []any{obj.Map{
		"dnsName": service.CustomDomain, "recordType": "CNAME", "recordTTL": int64(300), "targets": []any{service.DNSName}}}}
	if have := l.API.Get(gvk.Group, gvk.Kind, route.Namespace, route.Name+"-dns"); have != nil {
		_ = l.API.Write(have, latticeManager, func(content obj.Map) { content["spec"] = spec })
		return
	}
	o, err := l.API.Create(controller.Acting(l.op, route), obj.Map{
		"apiVersion": gvk.GroupVersion().String(), "kind": gvk.Kind,
		"metadata": obj.Map{"name": route.Name + "-dns", "namespace": route.Namespace, "ownerReferences": []any{route.OwnerReference()}}, "spec": spec,
	}, latticeManager)
	if err != nil {
		l.Blame(route, lawDNSEndpoint, "%s", controller.Message(err))
		return
	}
	o.URN = route.URN
}

// routeTags mark what belongs to one route.
func (l *latticeController) routeTags(route *api.Object) map[string]string {
	tags := l.tags()
	tags[routeNameTag], tags[routeSpaceTag] = route.Name, route.Namespace
	tags[routeTypeTag] = strings.ToLower(strings.TrimSuffix(route.Kind, "Route"))
	return tags
}
