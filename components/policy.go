package components

import (
	"encoding/json"
	"fmt"
)

// PolicyDocument is an IAM policy. Equal documents have equal JSON, so that a
// second deployment changes nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type PolicyDocument struct {
	Version   string
	Statement []PolicyStatement
}

// PolicyStatement is one rule of a policy.
type PolicyStatement struct {
	Effect    string
	Principal *PolicyPrincipal `json:",omitempty"`
	Action    Values
	Resource  Values          `json:",omitempty"`
	Condition PolicyCondition `json:",omitempty"`
}

// PolicyPrincipal is the principal of a resource's policy.
type PolicyPrincipal struct {
	AWS     string `json:",omitempty"`
	Service string `json:",omitempty"`
}

// PolicyCondition maps an operator and a key to values. One of them must match.
type PolicyCondition map[string]map[string]Values

// Values are the actions or resources of a statement, or the values of a
// condition. A single value is written without a list, as in AWS's own documents.
type Values []string

// MarshalJSON implements json.Marshaler.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// allow returns a document of statements with the effect Allow.
func allow(statements ...PolicyStatement) PolicyDocument {
	for i := range statements {
		statements[i].Effect = "Allow"
	}
	return PolicyDocument{Version: "2012-10-17", Statement: statements}
}

// JSON returns the document in AWS's format.
func (d PolicyDocument) JSON() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings cannot fail to marshal: %v", err))
	}
	return string(text)
}
