package check

import (
	"regexp"
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
