package gatewaycontroller

import (
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

const collectEvery = 30 * time.Second

// deploy makes AWS hold what the route describes: target groups and targets,
// the service with its association, listeners and rules, and the DNSEndpoint.
func (d *deployer) deploy(gw *api.Object, accepted []acceptance) error {
	groups, err := d.targetGroups()
	if err != nil {
		return err
	}
	service, err := d.service(gw, accepted)
	if err != nil {
		return err
	}
	if err := d.listeners(service, accepted, groups); err != nil {
		return err
	}
	if err := d.dropGroups(groups); err != nil {
		return err
	}
	d.writeDNSEndpoint(service)
	return d.mgr.API.Write(d.route, latticeManager, func(content obj.Map) {
		obj.Set(content, service.DNSName, "metadata", "annotations", assignedDomain)
		obj.Set(content, service.ARN, "metadata", "annotations", serviceARN)
	})
}

// undeploy deletes what a route has in AWS: association, service with its
// listeners, target groups. What another cluster owns stays.
func (d *deployer) undeploy() error {
	service, err := d.client.FindService(d.principal, latticeServiceName(d.route))
	if err != nil {
		return err
	}
	if service != nil && d.owns(service.Tags) {
		if err := d.deleteService(service); err != nil {
			return err
		}
	}
	d.session.MustOutlive(d.op, 2*collectEvery, LawGroupsCollected)
	return d.dropGroups(nil)
}
