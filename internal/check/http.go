package check

import (
	"regexp"
	"strconv"
	"strings"

	"eks-lattice/internal/problem"
)

// Method accepts an HTTP method. Methods are case-sensitive, so a policy with
// one in lower case matches nothing.
// https://www.iana.org/assignments/http-methods/http-methods.xhtml
var Method = OneOf("is not an HTTP method, which are in capitals",
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE")

// The characters of a path, without what VPC Lattice never finds there.
// https://www.rfc-editor.org/rfc/rfc3986#section-3.3
var requestPath = regexp.MustCompile(`^/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$`)

// Path accepts the path of a request, in which an asterisk stands for any text.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func Path(found *problem.List, path, text string) {
	switch {
	case strings.Contains(text, "?"):
		found.Add(path, text, "has a question mark, which begins the query; give the path alone")
	case strings.Contains(text, "${"):
		found.Add(path, text, "has ${, which begins a variable in a policy; write the path itself")
	case !requestPath.MatchString(text):
		found.Add(path, text, "is not the path of a request; give one such as /v1/*")
	}
}

// The characters of a health check's path.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_HealthCheckConfig.html
var healthPath = regexp.MustCompile(`^/[a-zA-Z0-9@:%_+.~#?&/=-]*$`)

// HealthPath accepts the path of a health check, with or without a query.
func HealthPath(found *problem.List, path, text string) {
	if !healthPath.MatchString(text) {
		found.Add(path, text, "is not a path that VPC Lattice can check; give one such as /healthz")
	}
	if len(text) > maxHealthPath {
		found.Add(path, text, "has %d characters; VPC Lattice allows %d", problem.Derived(len(text)), maxHealthPath)
	}
}

const maxHealthPath = 2048

// StatusCodes accepts the codes of a health check: numbers and ranges.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_Matcher.html
func StatusCodes(found *problem.List, path, text string) {
	if !CodesWithin(text, 100, 599) {
		found.Add(path, text, "is not a list of HTTP status codes; give codes and ascending ranges with commas between them, such as 200-299,301")
	}
}

// CodesWithin reports whether a text lists status codes, all of them from minimum
// to maximum.
func CodesWithin(text string, minimum, maximum int) bool {
	for item := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(item, "-")
		if !isRange {
			high = low
		}
		first, err := strconv.Atoi(low)
		last, err2 := strconv.Atoi(high)
		if err != nil || err2 != nil || first < minimum || last > maximum || last < first {
			return false
		}
	}
	return true
}
