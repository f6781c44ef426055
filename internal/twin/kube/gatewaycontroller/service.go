package gatewaycontroller

import (
	"strings"

	"eks-lattice/internal/twin/aws/acm"
	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
)

// latticeServiceName is route and namespace, cut to what a service name holds.
func latticeServiceName(route *api.Object) string {
	if n := route.Annotation(nameOverride); n != "" {
		return n
	}
	return route.Name[:min(len(route.Name), 20)] + "-" + route.Namespace[:min(len(route.Namespace), 18)]
}

// service creates or updates the Lattice service and its associations.
func (d *deployer) service(gw *api.Object, accepted []acceptance) (*vpclattice.Service, error) {
	name, domain := latticeServiceName(d.route), ""
	if hosts := obj.Strings(d.route.Content, "spec", "hostnames"); len(hosts) > 0 {
		domain = hosts[0]
	}
	certificate, err := d.certificate(accepted, domain)
	if err != nil {
		return nil, err
	}
	service, err := d.client.FindService(d.principal, name)
	if err != nil {
		return nil, err
	}
	tags := d.routeTags()
	for _, pair := range strings.Split(d.route.Annotation(extraTags), ",") {
		if k, v, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			tags[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	if service == nil {
		if service, err = d.client.CreateService(d.op, d.principal,
			vpclattice.ServiceInput{Name: name, CustomDomain: domain, CertificateARN: certificate, Tags: tags}); err != nil {
			return nil, err
		}
	} else if owner := service.Tags[ManagedByTag]; owner != d.owner() {
		if owner != "" && owner != d.route.Annotation(allowTakeover) {
			return nil, LawRouteConflict.Refuse("", "service %s/%s had a conflict: Found existing resource not owned by controller: %s",
				d.route.Namespace, d.route.Name, service.ARN)
		}
		if err := d.client.TagResource(d.op, d.principal, service.ARN, d.tags()); err != nil {
			return nil, err
		}
	} else if mine := d.routeTags(); service.Tags[routeNameTag] != mine[routeNameTag] ||
		service.Tags[routeSpaceTag] != mine[routeSpaceTag] || service.Tags[routeTypeTag] != mine[routeTypeTag] {
		return nil, LawRouteConflict.Refuse("", "service %s/%s had a conflict: Found existing resource with conflicting service name: %s",
			d.route.Name, d.route.Namespace, service.ARN)
	}
	if err := d.client.SetTags(d.op, d.principal, service.ARN, tags,
		func(name string) bool { return strings.HasPrefix(name, tagPrefix) }); err != nil {
		return nil, err
	}
	if certificate != "" && service.CertificateARN != certificate {
		if err := d.client.UpdateService(d.op, d.principal, service.ID, certificate, ""); err != nil {
			return nil, err
		}
	}
	return service, d.associate(gw, service)
}

func (d *deployer) associate(gw *api.Object, service *vpclattice.Service) error {
	networks, err := d.client.FindServiceNetworks(d.principal, gw.Name)
	if err != nil {
		return err
	}
	if len(networks) != 1 {
		return LawNetwork.Refuse("ResourceNotFoundException", "Service network %s not found", gw.Name)
	}
	d.route.DependsOn(networks[0].URN, LawNetwork)
	have, err := d.client.ServiceAssociations(d.principal, "", service.ID)
	if err != nil {
		return err
	}
	for _, a := range have {
		if a.NetworkID == networks[0].ID {
			return nil
		}
	}
	_, err = d.client.AssociateService(d.op, d.principal, networks[0].ID, service.ID, d.tags())
	return err
}

// certificate is the option of the first matched TLS listener, or ACM's answer.
func (d *deployer) certificate(accepted []acceptance, domain string) (string, error) {
	terminates := false
	for _, a := range accepted {
		for _, listener := range a.listeners {
			mode := obj.Str(listener, "tls", "mode")
			if obj.At(listener, "tls") == nil || mode == "Passthrough" {
				continue
			}
			terminates = true
			if arn := obj.Str(listener, "tls", "options", certificateTLS); arn != "" {
				return arn, nil
			}
		}
	}
	if !terminates || domain == "" {
		return "", nil
	}
	all, err := acm.List(d.mgr.Account.Account, d.principal)
	if err != nil {
		return "", LawCertificateFound.Refuse("", "certificate not found: %s", controller.Message(err))
	}
	for _, c := range all {
		for _, n := range append([]string{c.Domain}, c.Names...) {
			if n == domain || wildcardCovers(n, domain) && strings.Count(n, ".") == strings.Count(domain, ".") {
				return c.ARN, nil
			}
		}
	}
	return "", LawCertificateFound.Refuse("", "certificate not found for hostname %s", domain)
}

func (d *deployer) deleteService(service *vpclattice.Service) error {
	associations, err := d.client.ServiceAssociations(d.principal, "", service.ID)
	if err != nil {
		return err
	}
	for _, a := range associations {
		if err := d.client.DisassociateService(d.op, d.principal, a.ID); err != nil {
			return err
		}
	}
	listeners, err := d.client.Routing().Listeners(d.principal, service.ID)
	if err != nil {
		return err
	}
	for _, listener := range listeners {
		if err := d.client.Routing().DeleteListener(d.op, d.principal, listener.ID); err != nil {
			return err
		}
	}
	return d.client.DeleteService(d.op, d.principal, service.ID)
}
