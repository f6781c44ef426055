package components

import (
	"encoding/json"
	"fmt"
)

// PolicyDocument is an IAM policy. Its JSON is the same for the same content,
// so that a second deployment finds nothing to change.
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

// PolicyPrincipal is whom a resource's policy speaks of.
type PolicyPrincipal struct {
	AWS     string `json:",omitempty"`
	Service string `json:",omitempty"`
}

// PolicyCondition maps an operator and a key to values, one of which must match.
type PolicyCondition map[string]map[string]Values

// Values are the actions or resources of a statement, or the values of a
// condition: one is written bare, as AWS's own documents have it, several as a
// list.
type Values []string

// MarshalJSON implements json.Marshaler.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// allow returns a document of statements that all allow something.
func allow(statements ...PolicyStatement) PolicyDocument {
	for i := range statements {
		statements[i].Effect = "Allow"
	}
	return PolicyDocument{Version: "2012-10-17", Statement: statements}
}

// JSON returns the document as AWS takes it.
func (d PolicyDocument) JSON() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings cannot fail to marshal: %v", err))
	}
	return string(text)
}
