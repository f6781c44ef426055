package authpolicy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/micahhausler/aws-iam-policy/policy"
)

// The condition keys that a rule says in words, in lower case. IAM compares keys
// without regard to case.
const (
	clusterName    = "aws:principaltag/eks-cluster-name"
	clusterARN     = "aws:principaltag/eks-cluster-arn"
	namespace      = "aws:principaltag/kubernetes-namespace"
	serviceAccount = "aws:principaltag/kubernetes-service-account"
	principalARN   = "aws:principalarn"
	method         = "vpc-lattice-svcs:requestmethod"
	path           = "vpc-lattice-svcs:requestpath"
)

// equalOperators are those whose conditions a rule says in words. All others stay
// as they are.
var equalOperators = []string{"StringEquals", "StringLike", "ArnEquals", "ArnLike"}

// ruleOf translates a statement. What it has no words for becomes a condition, so
// that nothing is left out.
func ruleOf(s *policy.Statement) Rule {
	rule := Rule{Effect: s.Effect, Methods: []string{}, Paths: []string{}, Conditions: []string{}}
	said := map[string][]string{}
	for _, operator := range sorted(s.Condition) {
		for _, key := range sorted(s.Condition[operator]) {
			values := texts(s.Condition[operator][key])
			name := strings.ToLower(key)
			if _, again := said[name]; again || !hasWords(name) || !slices.Contains(equalOperators, operator) {
				rule.Conditions = append(rule.Conditions, fmt.Sprintf("%s %s %s", key, operator, anyOf(values)))
				continue
			}
			said[name] = values
		}
	}
	rule.Methods, rule.Paths = append(rule.Methods, said[method]...), append(rule.Paths, said[path]...)
	if arns := said[clusterARN]; !sameClusters(arns, said[clusterName], principals(s.Principal)) {
		rule.Conditions = append(rule.Conditions, "aws:PrincipalTag/eks-cluster-arn StringEquals "+anyOf(arns))
	}
	rule.Callers = callers(s.Principal, said)
	for _, element := range []struct {
		name   string
		values *policy.StringOrSlice
		usual  []string
	}{
		{"Action", s.Action, []string{"*", "vpc-lattice-svcs:*", "vpc-lattice-svcs:Invoke"}},
		{"NotAction", s.NotAction, nil},
		{"Resource", s.Resource, []string{"*"}},
		{"NotResource", s.NotResource, nil},
	} {
		usual := func(v string) bool { return slices.Contains(element.usual, v) }
		if element.values == nil || slices.ContainsFunc(element.values.Values(), usual) {
			continue
		}
		rule.Conditions = append(rule.Conditions, element.name+" "+anyOf(element.values.Values()))
	}
	if s.NotPrincipal != nil {
		rule.Conditions = append(rule.Conditions, "NotPrincipal "+principals(s.NotPrincipal))
	}
	return rule
}

func hasWords(key string) bool {
	return slices.Contains([]string{clusterName, clusterARN, namespace, serviceAccount, principalARN, method, path}, key)
}

// callers says who is meant.
func callers(principal *policy.Principal, said map[string][]string) string {
	var parts []string
	if roles := said[principalARN]; len(roles) > 0 {
		parts = append(parts, "role "+anyOf(roles))
	}
	pods := []struct{ words, key string }{
		{"service account ", serviceAccount}, {"namespace ", namespace}, {"cluster ", clusterName},
	}
	if slices.ContainsFunc(pods, func(p struct{ words, key string }) bool { return len(said[p.key]) > 0 }) {
		of := "pods of "
		for _, p := range pods {
			if values := said[p.key]; len(values) > 0 {
				parts = append(parts, of+p.words+anyOf(values))
				of = "in "
			}
		}
	}
	if who := principals(principal); len(parts) == 0 || !strings.HasSuffix(who, ":root") {
		parts = append(parts, who)
	}
	return strings.Join(parts, " ")
}

// principals are those of the statement: an account's root stands for everybody in it.
func principals(p *policy.Principal) string {
	if p == nil {
		return "nobody"
	}
	var all []string
	for _, list := range []*policy.StringOrSlice{p.AWS(), p.Service(), p.Federated(), p.CanonicalUser()} {
		if list != nil {
			all = append(all, list.Values()...)
		}
	}
	if len(all) == 0 || slices.Contains(all, "*") {
		return "anybody"
	}
	return anyOf(all)
}

// sameClusters reports whether ARNs are those of clusters of the names, in the
// account of a principal such as arn:aws:iam::123456789012:root.
func sameClusters(arns, names []string, principal string) bool {
	const account = 4 // the part of an ARN
	own := append(strings.Split(principal, ":"), make([]string, account+1)...)[account]
	return !slices.ContainsFunc(arns, func(arn string) bool {
		parts := strings.Split(arn, ":")
		return len(parts) <= account || parts[account] != own || !slices.Contains(names, arn[strings.LastIndex(arn, "/")+1:])
	})
}

func anyOf(values []string) string { return strings.Join(values, " or ") }

func texts(v *policy.ConditionValue) []string {
	strs, bools, numbers := v.Values()
	out := slices.Clone(strs)
	for _, b := range bools {
		out = append(out, strconv.FormatBool(b))
	}
	for _, n := range numbers {
		out = append(out, strconv.FormatFloat(n, 'f', -1, 64))
	}
	return out
}
