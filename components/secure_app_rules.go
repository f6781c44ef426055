package components

import (
	"fmt"
	"slices"
	"strings"

	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
)

// RouteArgs leads the requests that meet all its conditions to a version.
type RouteArgs struct {
	// Path is the beginning of the path, up to a slash or the end.
	Path string `setting:"path"`
	// ExactPath is the whole path.
	ExactPath string `setting:"exactPath"`
	// Method is the HTTP method.
	Method string `setting:"method"`
	// Headers are values by name. VPC Lattice compares both without case.
	Headers map[string]string `setting:"headers"`
	// Version gets the requests. Empty means all versions by their weights.
	Version string `setting:"version"`
}

// Limits of VPC Lattice and of its controller.
const (
	// maxRoutes leaves one of the 10 rules of a listener for all other requests.
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html
	maxRoutes = 9
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/gateway/model_build_rule.go
	maxHeaders = 5
)

// routeProblems returns what is wrong with the routes, besides each value by itself.
func (a *SecureAppArgs) routeProblems() problem.List {
	var found problem.List
	if len(a.Routes) > maxRoutes {
		found.Add("Routes", len(a.Routes), "are too many; a listener of VPC Lattice has 10 rules, and one is for all other requests, so give at "+
			"most %d", maxRoutes)
	}
	if len(a.Routes) > 0 && len(a.Versions) == 0 {
		found.Missing("Routes", "lead nowhere else without versions; give those, too")
	}
	for i := range a.Routes {
		r, at := &a.Routes[i], fmt.Sprintf("Routes[%d]", i)
		switch {
		case r.Path != "" && r.ExactPath != "":
			found.Missing(at, "has path and exactPath; give one of them")
		case r.matchesAll():
			found.Missing(at, "matches every request; give a path other than /, an exactPath, a method or headers, or delete it")
		}
		if len(r.Headers) > maxHeaders {
			found.Add(at+".Headers", len(r.Headers), "are too many; VPC Lattice compares at most %d", maxHeaders)
		}
		if r.Version != "" && !a.hasVersion(r.Version, len(a.Versions)) {
			found.Add(at+".Version", r.Version, "is not the name of one of the versions")
		}
		if a.Protocol == names.ProtocolGRPC {
			r.checkGRPC(&found, at)
		}
		for j := range a.Routes[:i] {
			if a.Routes[j].covers(r) {
				found.Missing(at, "never matches, because routes[%d] comes first and matches the same requests; change their order, or delete one", j)
				break
			}
		}
	}
	return found
}

// checkGRPC reports what a GRPCRoute cannot match.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/api-types/grpc-route.md
func (r *RouteArgs) checkGRPC(found *problem.List, at string) {
	if r.Method != "" {
		found.Add(at+".Method", r.Method, "is for HTTP; all gRPC requests have the same, so delete it")
	}
	switch {
	case r.Path == "" && r.ExactPath == "":
		found.Missing(at, "has neither path nor exactPath; the controller needs the gRPC service, such as path: /shop.Cart")
	case r.Path != "":
		check.GRPCService(found, at+".Path", r.Path)
	default:
		check.GRPCMethod(found, at+".ExactPath", r.ExactPath)
	}
}

func (r *RouteArgs) matchesAll() bool {
	return (r.Path == "" || r.Path == "/") && r.ExactPath == "" && r.Method == "" && len(r.Headers) == 0
}

// covers reports whether every request that the other route matches matches r.
func (r *RouteArgs) covers(other *RouteArgs) bool {
	if r.Method != "" && r.Method != other.Method {
		return false
	}
	for name, value := range r.Headers {
		if !other.asksFor(name, value) {
			return false
		}
	}
	path := other.Path + other.ExactPath
	if r.ExactPath != "" {
		return r.ExactPath == other.ExactPath
	}
	prefix := strings.TrimSuffix(r.Path, "/")
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

func (r *RouteArgs) asksFor(name, value string) bool {
	return slices.ContainsFunc(sortedKeys(r.Headers), func(key string) bool {
		return strings.EqualFold(key, name) && strings.EqualFold(r.Headers[key], value)
	})
}

func (a *SecureApp) routeKind() string {
	if a.args.Protocol == names.ProtocolGRPC {
		return "GRPCRoute"
	}
	return "HTTPRoute"
}

// rules are those of the route, which VPC Lattice tries in this order.
func (a *SecureApp) rules() []any {
	var rules []any
	for i := range a.args.Routes {
		r := &a.args.Routes[i]
		rules = append(rules, map[string]any{"backendRefs": a.backends(r.Version), "matches": []any{a.match(r)}})
	}
	last := map[string]any{"backendRefs": a.backends("")}
	if a.args.Protocol != names.ProtocolGRPC { // whose matches have to name a service
		last["matches"] = []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/"}}}
	}
	return append(rules, last)
}

// backends are the Service of one version, or of all versions with their weights, or the
// one that somebody else deploys.
func (a *SecureApp) backends(only string) []any {
	backend := func(version string, weight int) any {
		return map[string]any{"name": names.Version(a.args.Name, version), "kind": "Service", "port": servicePort, "weight": weight}
	}
	switch {
	case a.service != nil:
		return []any{map[string]any{"name": a.service, "kind": "Service", "port": a.args.Service.Port, "weight": 1}}
	case only != "":
		return []any{backend(only, 1)}
	case len(a.args.Versions) == 0:
		return []any{backend(names.DefaultVersion, 1)}
	}
	var backends []any
	for _, v := range a.args.Versions {
		backends = append(backends, backend(v.Name, v.Weight))
	}
	return backends
}

// match is the one match of a rule: the controller supports no more.
func (a *SecureApp) match(r *RouteArgs) map[string]any {
	match := map[string]any{}
	if a.args.Protocol == names.ProtocolGRPC {
		service, method, _ := strings.Cut(strings.Trim(r.Path+r.ExactPath, "/"), "/")
		match["method"] = map[string]any{"type": "Exact", "service": service}
		if method != "" {
			match["method"] = map[string]any{"type": "Exact", "service": service, "method": method}
		}
	} else {
		kind, path := "PathPrefix", r.Path
		if r.ExactPath != "" {
			kind, path = "Exact", r.ExactPath
		}
		if path == "" {
			path = "/"
		}
		match["path"] = map[string]any{"type": kind, "value": path}
	}
	if r.Method != "" {
		match["method"] = r.Method
	}
	var headers []any
	for _, name := range sortedKeys(r.Headers) {
		headers = append(headers, map[string]any{"type": "Exact", "name": name, "value": r.Headers[name]})
	}
	if len(headers) > 0 {
		match["headers"] = headers
	}
	return match
}
