package gatewaycontroller

import (
	"slices"
	"strconv"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/obj"
)

// listeners creates one Lattice listener per matched listener of the Gateway.
func (d *deployer) listeners(service *vpclattice.Service, accepted []acceptance, groups [][]pool) error {
	have, err := d.client.Routing().Listeners(d.principal, service.ID)
	if err != nil {
		return err
	}
	rules, err := rulesOf(d.route, groups)
	if err != nil {
		return err
	}
	var wanted []string
	for _, a := range accepted {
		for _, listener := range a.listeners {
			port, protocol := int(obj.Int(listener, "port")), obj.Str(listener, "protocol")
			key := protocol + strconv.Itoa(port)
			if slices.Contains(wanted, key) {
				continue
			}
			wanted = append(wanted, key)
			i := slices.IndexFunc(have, func(h *vpclattice.Listener) bool { return h.Port == port && h.Protocol == protocol })
			var target *vpclattice.Listener
			if i >= 0 {
				target = have[i]
			} else if target, err = d.client.Routing().CreateListener(d.op, d.principal, service.ID, protocol, port,
				vpclattice.RuleAction{FixedStatus: fixedNotFound}, d.tags()); err != nil {
				return err
			}
			if err := d.client.Routing().SetRules(d.op, d.principal, target.ID, rules, d.tags()); err != nil {
				return err
			}
		}
	}
	for _, h := range have {
		if !slices.Contains(wanted, h.Protocol+strconv.Itoa(h.Port)) {
			if err := d.client.Routing().DeleteListener(d.op, d.principal, h.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
