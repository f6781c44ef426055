package gatewaycontroller

import (
	"maps"
	"net/http"
	"slices"

	"eks-lattice/internal/twin/aws/vpclattice"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
)

// protocolVersions are those of target groups, by the kind of the route.
var protocolVersions = map[string]string{"HTTPRoute": "HTTP1", "GRPCRoute": vpclattice.GRPC}

// maxHeaderMatches is the number of headers that a rule of VPC Lattice matches.
const maxHeaderMatches = 5

// rulesOf translates each rule of a route into one of VPC Lattice, with rising
// priority. It refuses what VPC Lattice cannot match. Of two rules with the same
// match the later one remains.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/gateway/model_build_rule.go
func rulesOf(route *api.Object, groups [][]pool) ([]vpclattice.Rule, error) {
	var rules []vpclattice.Rule
	for i, rule := range obj.Maps(route.Content, "spec", "rules") {
		r := vpclattice.Rule{Priority: i + 1, PathPrefix: "/", Headers: map[string]string{}, Action: actionOf(groups[i])}
		if route.Kind == "GRPCRoute" {
			r.Method = http.MethodPost
		}
		matches := obj.Maps(rule, "matches")
		if len(matches) > 1 {
			return nil, LawRouteMatch.Refuse("", "LATTICE_NO_SUPPORT_FOR_MULTIPLE_MATCHES")
		}
		for _, m := range matches {
			if err := match(&r, route.Kind, m); err != nil {
				return nil, err
			}
		}
		// The controller looks for a rule with the same match, and changes it.
		rules = slices.DeleteFunc(rules, func(other vpclattice.Rule) bool { return sameMatch(other, r) })
		rules = append(rules, r)
	}
	return rules, nil
}

func sameMatch(a, b vpclattice.Rule) bool {
	return a.PathExact == b.PathExact && a.PathPrefix == b.PathPrefix && a.Method == b.Method && maps.Equal(a.Headers, b.Headers)
}

func actionOf(pools []pool) vpclattice.RuleAction {
	action := vpclattice.RuleAction{}
	for _, b := range pools {
		action.TargetGroups = append(action.TargetGroups, vpclattice.WeightedTargetGroup{ID: b.group.ID, Weight: b.weight})
	}
	if len(action.TargetGroups) == 0 {
		action.FixedStatus = http.StatusInternalServerError
	}
	return action
}

// match adds a match of a route to a rule.
func match(r *vpclattice.Rule, kind string, m obj.Map) error {
	var err error
	if kind == "GRPCRoute" {
		err = matchGRPC(r, m)
	} else {
		err = matchHTTP(r, m)
	}
	if err != nil {
		return err
	}
	headers := obj.Maps(m, "headers")
	if len(headers) > maxHeaderMatches {
		return LawRouteMatch.Refuse("", "LATTICE_EXCEED_MAX_HEADER_MATCHES")
	}
	for _, h := range headers {
		if t := obj.Str(h, "type"); t != "" && t != "Exact" {
			return LawRouteMatch.Refuse("", "LATTICE_UNSUPPORTED_HEADER_MATCH_TYPE")
		}
		r.Headers[obj.Str(h, "name")] = obj.Str(h, "value")
	}
	return nil
}

func matchHTTP(r *vpclattice.Rule, m obj.Map) error {
	switch obj.Str(m, "path", "type") {
	case "Exact":
		r.PathExact, r.PathPrefix = obj.Str(m, "path", "value"), ""
	case "PathPrefix":
		r.PathPrefix = obj.Str(m, "path", "value")
	case "": // the API server adds a path to each match
	default:
		return LawRouteMatch.Refuse("", "LATTICE_UNSUPPORTED_PATH_MATCH_TYPE")
	}
	if m["queryParams"] != nil {
		return LawRouteMatch.Refuse("", "LATTICE_UNSUPPORTED_MATCH_TYPE")
	}
	r.Method = obj.Str(m, "method")
	return nil
}

// matchGRPC matches a service and a method by the path of the HTTP request.
func matchGRPC(r *vpclattice.Rule, m obj.Map) error {
	service, method := obj.Str(m, "method", "service"), obj.Str(m, "method", "method")
	if t := obj.Str(m, "method", "type"); t != "" && t != "Exact" {
		return LawRouteMatch.Refuse("", "unsupported gRPC method match type %s", t)
	}
	switch {
	case service == "" && method != "":
		return LawRouteMatch.Refuse("", "cannot create GRPCRouteMatch for nil service and non-nil method")
	case method != "":
		r.PathExact, r.PathPrefix = "/"+service+"/"+method, ""
	case service != "":
		r.PathPrefix = "/" + service + "/"
	}
	return nil
}
