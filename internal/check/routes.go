package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/problem"
)

const maxVersionName = 20

var versionName = regexp.MustCompile(`^[a-z0-9]+$`)

// VersionName accepts the name of a version. Without a hyphen, no two applications
// have the same <application>-<version>.
func VersionName(found *problem.List, path, text string) {
	if !versionName.MatchString(text) || len(text) > maxVersionName {
		found.Add(path, text, "is not the name of a version; give 1 to %d lower-case letters and digits, such as v2", maxVersionName)
	}
}

const maxMatchLength = 200

// The characters of a path that a rule of VPC Lattice compares, and what the
// Gateway API does not allow there.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_PathMatchType.html
// https://gateway-api.sigs.k8s.io/reference/spec/#httppathmatch
var (
	matchPath   = regexp.MustCompile(`^/[a-zA-Z0-9@:%_+.~&/=-]*$`)
	unnormal    = regexp.MustCompile(`//|/\.{1,2}(/|$)|%2[fF]`)
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$")
	grpcService = regexp.MustCompile(`^/[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*/?$`)
	grpcMethod  = regexp.MustCompile(`^/[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*/[A-Za-z_][A-Za-z_0-9]*$`)
)

// MatchPath accepts a path that a rule of VPC Lattice compares with.
func MatchPath(found *problem.List, path, text string) {
	switch {
	case strings.Contains(text, "*"):
		found.Add(path, text, "has an asterisk, which stands for nothing but itself here; a path matches everything below it")
	case !matchPath.MatchString(text) || unnormal.MatchString(text):
		found.Add(path, text, "is not a path that VPC Lattice can compare; give one such as /v2/orders")
	}
	tooLong(found, path, text)
}

func tooLong(found *problem.List, path, text string) {
	if len(text) > maxMatchLength {
		found.Add(path, text, "has %d characters; VPC Lattice compares at most %d", problem.Derived(len(text)), maxMatchLength)
	}
}

// MatchHeaders accepts headers that a rule of VPC Lattice compares with.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_HeaderMatch.html
func MatchHeaders(found *problem.List, path string, headers map[string]string) {
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		at := path + "." + name
		switch lower := strings.ToLower(name); {
		case !headerName.MatchString(name):
			found.Add(path, name, "is not the name of a header; give at most 40 letters, digits and hyphens, such as x-canary")
		case seen[lower]:
			found.Add(path, name, "is listed twice; the names of headers have no case")
		case headers[name] == "":
			found.Missing(at, "is empty; VPC Lattice compares with a value")
		default:
			seen[lower] = true
		}
		tooLong(found, at, headers[name])
	}
}

// GRPCService accepts the path of a gRPC service.
func GRPCService(found *problem.List, path, text string) {
	if !grpcService.MatchString(text) {
		found.Add(path, text, "is not the path of a gRPC service; give /<package>.<service>, such as /shop.Cart")
	}
}

// GRPCMethod accepts the path of a method of a gRPC service.
func GRPCMethod(found *problem.List, path, text string) {
	if !grpcMethod.MatchString(text) {
		found.Add(path, text, "is not the path of a gRPC method; give /<package>.<service>/<method>, such as /shop.Cart/AddItem")
	}
}
