package iam

import (
	"slices"
	"strconv"
	"strings"

	"github.com/micahhausler/aws-iam-policy/policy"
)

// Context holds the condition keys of a request. Keys are compared without
// regard to case, as IAM does.
type Context map[string][]string

// Set adds a key. It ignores empty values: the request does not have such a key.
func (c Context) Set(key string, vals ...string) {
	if len(vals) == 1 && vals[0] == "" {
		return
	}
	c[strings.ToLower(key)] = vals
}

// operators that the evaluation knows, without IfExists and set qualifiers.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]func(have, want string) bool{
	"StringEquals":           func(h, w string) bool { return h == w },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             func(h, w string) bool { return match(w, h) },
	"ArnEquals":              matchARN,
	"ArnLike":                matchARN,
	"Bool":                   strings.EqualFold,
	"NumericEquals":          func(h, w string) bool { return number(h) == number(w) },
	"NumericLessThan":        func(h, w string) bool { return number(h) < number(w) },
	"NumericLessThanEquals":  func(h, w string) bool { return number(h) <= number(w) },
	"NumericGreaterThan":     func(h, w string) bool { return number(h) > number(w) },
}

// negations of operators: true when no value matches, and when the key is missing.
var negations = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
	"NumericNotEquals":          "NumericEquals",
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}

func knownOperator(op string) bool {
	_, base, _ := splitOperator(op)
	_, plain := operators[base]
	_, negated := negations[base]
	return plain || negated || base == "Null"
}

// splitOperator splits an operator such as "ForAnyValue:StringLikeIfExists".
func splitOperator(op string) (set, base string, ifExists bool) {
	if q, rest, ok := strings.Cut(op, ":"); ok {
		set, op = q, rest
	}
	base, ifExists = strings.CutSuffix(op, "IfExists")
	return set, base, ifExists
}

// holds reports whether a request meets all conditions of a statement.
func holds(conds map[string]map[string]*policy.ConditionValue, ctx Context) bool {
	for op, keys := range conds {
		for key, want := range keys {
			if !holdsOne(op, ctx[strings.ToLower(key)], texts(want), ctx) {
				return false
			}
		}
	}
	return true
}

func holdsOne(op string, have, want []string, ctx Context) bool {
	set, base, ifExists := splitOperator(op)
	if base == "Null" {
		missing := strconv.FormatBool(len(have) == 0)
		return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, missing) })
	}
	if len(have) == 0 && (ifExists || set == "ForAllValues") {
		return true
	}
	compare, negated := operators[base], false
	if positive, ok := negations[base]; ok {
		compare, negated = operators[positive], true
	}
	one := func(h string) bool {
		hit := slices.ContainsFunc(want, func(w string) bool { return compare(h, substitute(w, ctx)) })
		return hit != negated
	}
	switch {
	case len(have) == 0:
		return negated
	case set == "ForAllValues" || (negated && set == ""):
		return !slices.ContainsFunc(have, func(h string) bool { return !one(h) })
	default:
		return slices.ContainsFunc(have, one)
	}
}

// substitute fills in policy variables such as ${aws:PrincipalTag/team}.
func substitute(s string, ctx Context) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "${")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		key, after, ok := strings.Cut(rest, "}")
		vals := ctx[strings.ToLower(key)]
		if !ok || len(vals) != 1 {
			return "\x00" // a variable without a value matches nothing
		}
		out.WriteString(vals[0])
		s = after
	}
}

func texts(v *policy.ConditionValue) []string {
	strs, bools, nums := v.Values()
	out := slices.Clone(strs)
	for _, b := range bools {
		out = append(out, strconv.FormatBool(b))
	}
	for _, n := range nums {
		out = append(out, strconv.FormatFloat(n, 'f', -1, 64))
	}
	return out
}

// match compares with IAM's wildcards * and ?.
func match(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			for i := len(s); i >= 0; i-- {
				if match(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case '?':
			if s == "" {
				return false
			}
		default:
			if s == "" || s[0] != pattern[0] {
				return false
			}
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// matchARN compares ARNs part by part: a wildcard does not cross a colon of the
// first five.
func matchARN(have, want string) bool {
	h, w := strings.SplitN(have, ":", 6), strings.SplitN(want, ":", 6)
	if len(h) != 6 || len(w) != 6 {
		return have == want
	}
	for i := range h {
		if !match(w[i], h[i]) {
			return false
		}
	}
	return true
}
