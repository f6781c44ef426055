// Package iam reads IAM policy documents and evaluates them as IAM does:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package iam

// Document is a policy with its text and, where it has one, its name.
type Document struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}
