package gatewaycontroller

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
)

// groupName names a backend's target group: one per cluster, route, Service and
// protocol, which cannot change.
func (d *deployer) groupName(namespace, service string, port int64, protocol, version string) string {
	h := sha256.Sum256([]byte(d.owner() + " " + d.route.Namespace + "/" + d.route.Name + " " + namespace + "/" + service + " " +
		strconv.FormatInt(port, 10) + " " + protocol + " " + version))
	return "k8s-" + service[:min(len(service), 20)] + "-" + namespace[:min(len(namespace), 20)] + "-" + hex.EncodeToString(h[:5])
}

// pool is one Service behind a rule with its target group.
type pool struct {
	group  *vpclattice.TargetGroup
	weight int
}

// targetGroups creates a target group of pod addresses for every backend, by rule.
func (d *deployer) targetGroups() ([][]pool, error) {
	var out [][]pool
	for _, rule := range obj.Maps(d.route.Content, "spec", "rules") {
		var backends []pool
		for _, ref := range obj.Maps(rule, "backendRefs") {
			ns := obj.Str(ref, "namespace")
			if ns == "" {
				ns = d.route.Namespace
			}
			service := d.mgr.API.Get("", "Service", ns, obj.Str(ref, "name"))
			if service == nil || obj.Str(ref, "kind") == "ServiceImport" {
				continue // the rule works without it
			}
			b, err := d.targetGroup(service, obj.Int(ref, "port"))
			if err != nil {
				return nil, err
			}
			b.weight = 1
			if w := ref["weight"]; w != nil {
				b.weight = int(obj.Int(ref, "weight"))
			}
			backends = append(backends, b)
		}
		out = append(out, backends)
	}
	return out, nil
}

func (d *deployer) targetGroup(service *api.Object, port int64) (pool, error) {
	protocol, version, check := d.targetGroupConfig(service, d.route.Kind)
	name := d.groupName(service.Namespace, service.Name, port, protocol, version)
	group, err := d.client.Routing().FindTargetGroup(d.principal, name)
	if err == nil && group == nil {
		group, err = d.client.Routing().CreateTargetGroup(d.op, d.principal, vpclattice.TargetGroupInput{
			Name: name, VPCID: d.process.Env["CLUSTER_VPC_ID"], Protocol: protocol, ProtocolVersion: version, Port: 80,
			Tags: d.routeTags()})
	}
	if err == nil {
		err = d.client.Routing().SetHealthCheck(d.op, d.principal, group, check)
	}
	if err != nil {
		return pool{}, err
	}
	d.route.DependsOn(service.URN, LawRouteBackend)
	var targets []vpclattice.Target
	for _, pod := range pods.Endpoints(d.mgr.API, service) {
		to, ok := pods.TargetPort(service, pod, port)
		if !ok {
			continue
		}
		targets = append(targets, vpclattice.Target{IP: obj.Str(pod.Content, "status", "podIP"), Port: to,
			Pod: d.mgr.EKS.Name + "/" + pod.Path()})
		d.route.DependsOnObject(pod, LawRouteBackend)
	}
	return pool{group: group}, d.client.Routing().SetTargets(d.op, d.principal, group.ID, targets)
}

// dropGroups deletes the target groups that a route no longer uses.
func (d *deployer) dropGroups(used [][]pool) error {
	all, err := d.client.Routing().TargetGroups(d.principal)
	if err != nil {
		return err
	}
	for _, group := range all {
		inUse := slices.ContainsFunc(used, func(rule []pool) bool {
			return slices.ContainsFunc(rule, func(b pool) bool { return b.group.ID == group.ID })
		})
		if inUse || !d.owns(group.Tags) {
			continue
		}
		if err := d.client.Routing().SetTargets(d.op, d.principal, group.ID, nil); err != nil {
			return err
		}
		if err := d.client.Routing().DeleteTargetGroup(d.op, d.principal, group.ID); err != nil {
			return err
		}
	}
	return nil
}
