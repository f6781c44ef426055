// Package iam reads IAM policy documents and evaluates them as IAM does:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/micahhausler/aws-iam-policy/policy"
)

// Document is a policy with its text and, where it has one, its name.
type Document struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
	By   string `json:"by,omitempty"` // the Pulumi resource that gave it to the principal
}

// Use is what a policy belongs to, which decides the elements that it must have.
type Use int

// The three uses of a policy.
const (
	Identity Use = iota // of a role: no Principal
	Trust               // of a role: who may assume it, no Resource
	Resource            // of a service network or a service
)

// MalformedError is the reason for which AWS refuses a policy's text.
type MalformedError struct{ Reason string }

// Error returns the reason in AWS's words.
func (m *MalformedError) Error() string { return m.Reason }

// document is the text of a policy, and its use.
type document struct {
	text string
	use  Use
}

type parsed struct {
	policy *policy.Policy
	err    error
}

// documents caches all parsed policies: each is created once and evaluated hundreds of
// times. Nobody changes what Parse returns.
var documents sync.Map // of parsed, by document

// Parse checks the text of a policy as AWS does when it stores it. The result is
// shared: do not change it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func Parse(text string, use Use) (*policy.Policy, error) {
	key := document{text, use}
	if known, ok := documents.Load(key); ok {
		known, _ := known.(parsed) // documents holds nothing else
		return known.policy, known.err
	}
	p, err := parse(text, use)
	documents.Store(key, parsed{p, err})
	return p, err
}

func parse(text string, use Use) (*policy.Policy, error) {
	var p policy.Policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, &MalformedError{Reason: "Syntax errors in policy."}
	}
	if p.Version != "" && p.Version != policy.Version2012_10_17 && p.Version != policy.Version2008_10_17 {
		return nil, &MalformedError{Reason: "The policy failed legacy parsing: unknown Version " + p.Version}
	}
	if p.Statements == nil || len(p.Statements.Values()) == 0 {
		return nil, &MalformedError{Reason: "Syntax error in policy: it must have at least one statement."}
	}
	for i := range p.Statements.Values() {
		if err := checkStatement(&p.Statements.Values()[i], use); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

func checkStatement(s *policy.Statement, use Use) error {
	if s.Effect != policy.EffectAllow && s.Effect != policy.EffectDeny {
		return &MalformedError{Reason: "Invalid effect: " + s.Effect}
	}
	if (s.Action == nil) == (s.NotAction == nil) {
		return &MalformedError{Reason: "Policy statement must contain actions."}
	}
	for _, action := range append(values(s.Action), values(s.NotAction)...) {
		if action == "*" {
			continue
		}
		service, name, ok := strings.Cut(action, ":")
		if !ok || service == "" || name == "" || strings.ContainsAny(service, "*? ") {
			return &MalformedError{Reason: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."}
		}
	}
	for op := range s.Condition {
		if !knownOperator(op) {
			return &MalformedError{Reason: fmt.Sprintf("Invalid Condition type : %s.", op)}
		}
	}
	hasPrincipal := s.Principal != nil || s.NotPrincipal != nil
	hasResource := s.Resource != nil || s.NotResource != nil
	switch {
	case use == Identity && hasPrincipal:
		return &MalformedError{Reason: "Policy document should not specify a principal."}
	case use != Identity && !hasPrincipal:
		return &MalformedError{Reason: "Missing required field Principal"}
	case use == Trust && hasResource:
		return &MalformedError{Reason: "Has prohibited field Resource"}
	case use != Trust && !hasResource:
		return &MalformedError{Reason: "Policy statement must contain resources."}
	}
	for _, r := range append(values(s.Resource), values(s.NotResource)...) {
		if r != "*" && !strings.HasPrefix(r, "arn:") && !strings.HasPrefix(r, "*") {
			return &MalformedError{Reason: fmt.Sprintf("Resource %s must be in ARN format or \"*\".", r)}
		}
	}
	return checkTrustActions(s, use)
}

// checkTrustActions refuses actions that no trust policy can grant.
func checkTrustActions(s *policy.Statement, use Use) error {
	if use != Trust {
		return nil
	}
	for _, action := range values(s.Action) {
		if action != "*" && !strings.HasPrefix(strings.ToLower(action), "sts:") {
			return &MalformedError{Reason: "AssumeRole policy may only specify STS AssumeRole actions."}
		}
	}
	if s.Principal == nil {
		return nil
	}
	for _, service := range values(s.Principal.Service()) {
		if !strings.Contains(service, ".amazonaws.com") {
			return &MalformedError{Reason: fmt.Sprintf("Invalid principal in policy: \"SERVICE\":%q", service)}
		}
	}
	return nil
}

func values(s *policy.StringOrSlice) []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.Values())
}
