package gatewaycontroller

import (
	"strings"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/podidentity"
)

// deployer makes AWS hold what one route describes.
type deployer struct {
	*leader
	route     *api.Object
	client    *vpclattice.Lattice
	principal iam.Principal
	session   podidentity.Session
}

// deployer returns the deployer of a route, or why the controller cannot talk to AWS.
func (l *leader) deployer(route *api.Object) (*deployer, error) {
	client, s, err := l.aws(route)
	if err != nil {
		return nil, err
	}
	return &deployer{l, route, client, s.Principal, s}, nil
}

// routeTags mark what belongs to one route.
func (d *deployer) routeTags() map[string]string {
	tags := d.tags()
	tags[routeNameTag], tags[routeSpaceTag] = d.route.Name, d.route.Namespace
	tags[routeTypeTag] = strings.ToLower(strings.TrimSuffix(d.route.Kind, "Route"))
	return tags
}

// owns reports whether tags say that something belongs to the route.
func (d *deployer) owns(tags map[string]string) bool {
	return tags[ManagedByTag] == d.owner() && tags[routeNameTag] == d.route.Name && tags[routeSpaceTag] == d.route.Namespace
}
