// Package authpolicy says in words whom the auth policies of applications admit.
package authpolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/micahhausler/aws-iam-policy/policy"
)

// Rule is one statement of an application's auth policy. It applies to a request
// that meets all of its parts; of the values of one part, any is enough.
type Rule struct {
	Namespace   string   `json:"namespace"`
	Application string   `json:"application"` // the route's name
	Effect      string   `json:"effect"`      // Allow or Deny
	Methods     []string `json:"methods"`     // empty: any
	Paths       []string `json:"paths"`       // empty: any
	Callers     string   `json:"callers"`     // in words
	// Conditions are further ones, as they stand in the policy.
	Conditions []string `json:"conditions"`
}

// object is what Read needs of a Kubernetes object.
type object struct {
	Kind     string
	Items    []object
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		TargetRef struct{ Kind, Name string }
		Policy    string
	}
}

// Read reads IAMAuthPolicies as "kubectl get -o json" prints them: one, or a List.
func Read(r io.Reader) ([]Rule, error) {
	var top object
	if err := json.NewDecoder(r).Decode(&top); err != nil {
		return nil, fmt.Errorf("reading policies: %w; give the output of kubectl get iamauthpolicies -A -o json", err)
	}
	objects := []object{top}
	if top.Kind == "List" || top.Kind == "IAMAuthPolicyList" {
		objects = top.Items
	}
	var rules []Rule
	var problems []error
	for _, o := range objects {
		found, err := o.rules()
		if err != nil {
			problems = append(problems, fmt.Errorf("reading %s %s/%s: %w", o.Kind, o.Metadata.Namespace, o.Metadata.Name, err))
		}
		rules = append(rules, found...)
	}
	return rules, errors.Join(problems...)
}

func (o *object) rules() ([]Rule, error) {
	if o.Kind != "IAMAuthPolicy" {
		return nil, errors.New("it is not an IAMAuthPolicy; give the output of kubectl get iamauthpolicies -A -o json")
	}
	var document policy.Policy
	if err := json.Unmarshal([]byte(o.Spec.Policy), &document); err != nil {
		return nil, fmt.Errorf("parsing its policy: %w", err)
	}
	if document.Statements == nil {
		return nil, errors.New("its policy has no statements")
	}
	application := o.Spec.TargetRef.Name
	if o.Spec.TargetRef.Kind == "Gateway" {
		application = "all of Gateway " + application
	}
	var rules []Rule
	for _, s := range document.Statements.Values() {
		r := ruleOf(&s)
		r.Namespace, r.Application = o.Metadata.Namespace, application
		rules = append(rules, r)
	}
	return rules, nil
}
