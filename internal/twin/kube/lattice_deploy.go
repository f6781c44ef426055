package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
)

var lawCertificateFound = law.New(law.Controller, "certificate-by-option-or-discovery",
	"A TLS listener without the certificate option gets the certificate of ACM whose names cover the route's first hostname; without one the route is not accepted.",
	"https://www.gateway-api-controller.eks.aws.dev/latest/guides/https/")

// latticeServiceName is route and namespace, cut to what a service name holds.
func latticeServiceName(route *api.Object) string {
	if n := route.Annotation(nameOverride); n != "" {
		return n
	}
	return route.Name[:min(len(route.Name), 20)] + "-" + route.Namespace[:min(len(route.Namespace), 18)]
}

// deploy makes AWS hold what the route describes: target groups and targets,
// the service with its association, listeners and rules, and the DNSEndpoint.
func (l *latticeController) deploy(route, gw *api.Object, accepted []acceptance) error {
	client, s, err := l.aws(route)
	if err != nil {
		return err
	}
	groups, err := l.targetGroups(client, s.Principal, route)
	if err != nil {
		return err
	}
	service, err := l.service(client, s.Principal, route, gw, accepted)
	if err != nil {
		return err
	}
	if err := l.listeners(client, s.Principal, route, service, accepted, groups); err != nil {
		return err
	}
	if err := l.dropGroups(client, s.Principal, route, groups); err != nil {
		return err
	}
	l.dnsEndpoint(route, service)
	return l.API.Write(route, latticeManager, func(content obj.Map) {
		obj.Set(content, service.DNSName, "metadata", "annotations", assignedDomain)
		obj.Set(content, service.ARN, "metadata", "annotations", serviceARN)
	})
}

// service creates or updates the Lattice service and its associations.
func (l *latticeController) service(client *aws.Lattice, p iam.Principal, route, gw *api.Object, accepted []acceptance) (*aws.Service, error) {
	name, domain := latticeServiceName(route), ""
	if hosts := obj.Strings(route.Content, "spec", "hostnames"); len(hosts) > 0 {
		domain = hosts[0]
	}
	certificate, err := l.certificate(p, accepted, domain)
	if err != nil {
		return nil, err
	}
	service, err := client.FindService(p, name)
	if err != nil {
		return nil, err
	}
	tags := l.routeTags(route)
	for _, pair := range strings.Split(route.Annotation(extraTags), ",") {
		if k, v, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			tags[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	if service == nil {
		if service, err = client.CreateService(l.op, p, aws.ServiceInput{Name: name, CustomDomain: domain, CertificateARN: certificate, Tags: tags}); err != nil {
			return nil, err
		}
	} else if owner := service.Tags[managedByTag]; owner != l.owner() {
		if owner != "" && owner != route.Annotation(allowTakeover) {
			return nil, lawRouteConflict.Refuse("", "service %s/%s had a conflict: Found existing resource not owned by controller: %s", route.Namespace, route.Name, service.ARN)
		}
		if err := client.TagResource(l.op, p, service.ARN, l.tags()); err != nil {
			return nil, err
		}
	} else if service.Tags[routeNameTag] != route.Name || service.Tags[routeSpaceTag] != route.Namespace {
		return nil, lawRouteConflict.Refuse("", "service %s/%s had a conflict: Found existing resource with conflicting service name: %s", route.Name, route.Namespace, service.ARN)
	}
	if err := client.SetTags(l.op, p, service.ARN, tags, func(name string) bool { return strings.HasPrefix(name, tagPrefix) }); err != nil {
		return nil, err
	}
	if certificate != "" && service.CertificateARN != certificate {
		if err := client.UpdateService(l.op, p, service.ID, certificate, ""); err != nil {
			return nil, err
		}
	}
	return service, l.associate(client, p, route, gw, service)
}

func (l *latticeController) associate(client *aws.Lattice, p iam.Principal, route, gw *api.Object, service *aws.Service) error {
	networks, err := client.FindServiceNetworks(p, gw.Name)
	if err != nil {
		return err
	}
	if len(networks) != 1 {
		return lawGatewayNetwork.Refuse("ResourceNotFoundException", "Service network %s not found", gw.Name)
	}
	route.DependsOn(networks[0].URN, lawGatewayNetwork)
	have, err := client.ServiceAssociations(p, "", service.ID)
	if err != nil {
		return err
	}
	for _, a := range have {
		if a.NetworkID == networks[0].ID {
			return nil
		}
	}
	_, err = client.AssociateService(l.op, p, networks[0].ID, service.ID, l.tags())
	return err
}

// certificate is the option of the first matched TLS listener, or ACM's answer.
func (l *latticeController) certificate(p iam.Principal, accepted []acceptance, domain string) (string, error) {
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
	all, err := l.Account.Certificates(p)
	if err != nil {
		return "", lawCertificateFound.Refuse("", "certificate not found: %s", controller.Message(err))
	}
	for _, c := range all {
		for _, n := range append([]string{c.Domain}, c.Names...) {
			if n == domain || wildcardCovers(n, domain) && strings.Count(n, ".") == strings.Count(domain, ".") {
				return c.ARN, nil
			}
		}
	}
	return "", lawCertificateFound.Refuse("", "certificate not found for hostname %s", domain)
}

// groupName names a backend's target group: one per cluster, route and Service.
func (l *latticeController) groupName(route *api.Object, namespace, service string, port int64) string {
	h := sha256.Sum256([]byte(l.owner() + " " + route.Namespace + "/" + route.Name + " " + namespace + "/" + service + " " + strconv.FormatInt(port, 10)))
	return "k8s-" + service[:min(len(service), 20)] + "-" + namespace[:min(len(namespace), 20)] + "-" + hex.EncodeToString(h[:5])
}

// pool is one Service behind a rule with its target group.
type pool struct {
	group  *aws.TargetGroup
	weight int
}

// targetGroups makes a target group of pod addresses for every backend, by rule.
func (l *latticeController) targetGroups(client *aws.Lattice, p iam.Principal, route *api.Object) ([][]pool, error) {
	var out [][]pool
	for _, rule := range obj.Maps(route.Content, "spec", "rules") {
		var backends []pool
		for _, ref := range obj.Maps(rule, "backendRefs") {
			ns := obj.Str(ref, "namespace")
			if ns == "" {
				ns = route.Namespace
			}
			service := l.API.Get("", "Service", ns, obj.Str(ref, "name"))
			if service == nil || obj.Str(ref, "kind") == "ServiceImport" {
				continue // the rule goes on without it
			}
			b, err := l.targetGroup(client, p, route, service, obj.Int(ref, "port"))
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

func (l *latticeController) targetGroup(client *aws.Lattice, p iam.Principal, route, service *api.Object, port int64) (pool, error) {
	name := l.groupName(route, service.Namespace, service.Name, port)
	group, err := client.FindTargetGroup(p, name)
	if err == nil && group == nil {
		group, err = client.CreateTargetGroup(l.op, p, name, l.process.Env["CLUSTER_VPC_ID"], "HTTP", 80, l.routeTags(route))
	}
	if err != nil {
		return pool{}, err
	}
	route.DependsOn(service.URN, lawRouteBackend)
	var targets []aws.Target
	for _, pod := range pods.Endpoints(l.API, service) {
		to, ok := pods.TargetPort(service, pod, port)
		if !ok {
			continue
		}
		targets = append(targets, aws.Target{IP: obj.Str(pod.Content, "status", "podIP"), Port: to, Pod: l.EKS.Name + "/" + pod.Path()})
		route.DependsOnObject(pod, lawRouteBackend)
	}
	return pool{group: group}, client.SetTargets(l.op, p, group.ID, targets)
}

// listeners makes one Lattice listener per matched listener of the Gateway.
func (l *latticeController) listeners(client *aws.Lattice, p iam.Principal, route *api.Object, service *aws.Service, accepted []acceptance, groups [][]pool) error {
	have, err := client.Listeners(p, service.ID)
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
			i := slices.IndexFunc(have, func(h *aws.Listener) bool { return h.Port == port && h.Protocol == protocol })
			var target *aws.Listener
			if i >= 0 {
				target = have[i]
			} else if target, err = client.CreateListener(l.op, p, service.ID, protocol, port, aws.RuleAction{FixedStatus: fixedNotFound}, l.tags()); err != nil {
				return err
			}
			if err := client.SetRules(l.op, p, target.ID, rulesOf(route, groups), l.tags()); err != nil {
				return err
			}
		}
	}
	for _, h := range have {
		if !slices.Contains(wanted, h.Protocol+strconv.Itoa(h.Port)) {
			if err := client.DeleteListener(l.op, p, h.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// rulesOf turns matches into rules of rising priority.
func rulesOf(route *api.Object, groups [][]pool) []aws.Rule {
	var rules []aws.Rule
	for i, rule := range obj.Maps(route.Content, "spec", "rules") {
		action := aws.RuleAction{}
		for _, b := range groups[i] {
			action.TargetGroups = append(action.TargetGroups, aws.WeightedTargetGroup{ID: b.group.ID, Weight: b.weight})
		}
		if len(action.TargetGroups) == 0 {
			action.FixedStatus = 500
		}
		matches := obj.Maps(rule, "matches")
		if len(matches) == 0 {
			matches = []obj.Map{{"path": obj.Map{"type": "PathPrefix", "value": "/"}}}
		}
		for _, m := range matches {
			r := aws.Rule{Priority: len(rules) + 1, Method: obj.Str(m, "method"), Headers: map[string]string{}, Action: action}
			if obj.Str(m, "path", "type") == "Exact" {
				r.PathExact = obj.Str(m, "path", "value")
			} else {
				r.PathPrefix = obj.Str(m, "path", "value")
			}
			for _, h := range obj.Maps(m, "headers") {
				r.Headers[obj.Str(h, "name")] = obj.Str(h, "value")
			}
			rules = append(rules, r)
		}
	}
	return rules
}
