package iam

import (
	"fmt"
	"strings"
	"testing"
)

var pod = Principal{
	ARN: "arn:aws:sts::123456789012:assumed-role/app/session", RoleARN: "arn:aws:iam::123456789012:role/app", Account: "123456789012",
	Tags: map[string]string{"eks-cluster-name": "eks-cluster1", "kubernetes-namespace": "apps"},
}

// statement wraps the parts of one statement of a resource policy.
func statement(effect, principal, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":%s,"Action":"vpc-lattice-svcs:Invoke",`+
		`"Resource":"*","Condition":%s}]}`,
		effect, principal, condition)
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	for principal, want := range map[string]Effect{
		`"*"`:                    Allowed,
		`{"AWS":"*"}`:            Allowed,
		`{"AWS":"123456789012"}`: Allowed,
		`{"AWS":["arn:aws:iam::999999999999:root","arn:aws:iam::123456789012:root"]}`: Allowed,
		`{"AWS":"arn:aws:iam::123456789012:role/app"}`:                                Allowed,
		`{"AWS":"arn:aws:sts::123456789012:assumed-role/app/session"}`:                Allowed,
		`{"AWS":"arn:aws:iam::123456789012:role/other"}`:                              Silent,
		`{"AWS":"arn:aws:iam::999999999999:root"}`:                                    Silent,
		`{"Service":"ec2.amazonaws.com"}`:                                             Silent,
	} {
		if got := Evaluate(statement("Allow", principal, "{}"), Resource, NewQuery(pod, "vpc-lattice-svcs:Invoke", "x")); got != want {
			t.Errorf("%s: %v, want %v", principal, got, want)
		}
	}
	nobody := NewQuery(Principal{Anonymous: true}, "vpc-lattice-svcs:Invoke", "x")
	if got := Evaluate(statement("Allow", `{"AWS":"arn:aws:iam::123456789012:root"}`, "{}"), Resource, nobody); got != Silent {
		t.Errorf("an account's root lets anonymous callers in: %v", got)
	}
	if got := Evaluate(statement("Allow", `"*"`, "{}"), Resource, nobody); got != Allowed {
		t.Errorf("* keeps anonymous callers out: %v", got)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]Effect{
		`{}`: Allowed,
		`{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"eks-cluster1"}}`:                                             Allowed,
		`{"StringEquals":{"AWS:principaltag/EKS-cluster-name":"eks-cluster1"}}`:                                             Allowed,
		`{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":["eks-cluster2","eks-cluster1"]}}`:                            Allowed,
		`{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"eks-cluster2"}}`:                                             Silent,
		`{"StringEquals":{"aws:PrincipalTag/eks-cluster-name":"eks-cluster1","aws:PrincipalTag/kubernetes-namespace":"x"}}`: Silent,
		`{"StringEquals":{"aws:PrincipalTag/none":"x"}}`:                                                                    Silent,
		`{"StringEqualsIfExists":{"aws:PrincipalTag/none":"x"}}`:                                                            Allowed,
		`{"StringEqualsIfExists":{"aws:PrincipalTag/eks-cluster-name":"x"}}`:                                                Silent,
		`{"StringNotEquals":{"aws:PrincipalTag/none":"x"}}`:                                                                 Allowed,
		`{"StringNotEquals":{"aws:PrincipalTag/eks-cluster-name":"eks-cluster1"}}`:                                          Silent,
		`{"StringNotEquals":{"aws:PrincipalTag/eks-cluster-name":["a","eks-cluster1"]}}`:                                    Silent,
		`{"StringNotEqualsIgnoreCase":{"aws:PrincipalType":"anonymous"}}`:                                                   Allowed,
		`{"StringLike":{"aws:PrincipalTag/eks-cluster-name":"eks-*"}}`:                                                      Allowed,
		`{"StringLike":{"aws:PrincipalTag/eks-cluster-name":"eks-cluster?"}}`:                                               Allowed,
		`{"StringLike":{"aws:PrincipalTag/eks-cluster-name":"eks-?"}}`:                                                      Silent,
		`{"StringNotLike":{"aws:PrincipalTag/eks-cluster-name":"prod-*"}}`:                                                  Allowed,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app"}}`:                                                        Allowed,
		`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}`:                                             Allowed,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:*:role/app"}}`:                                                             Silent,
		`{"Null":{"aws:PrincipalTag/none":"true"}}`:                                                                         Allowed,
		`{"Null":{"aws:PrincipalTag/eks-cluster-name":true}}`:                                                               Silent,
		`{"Null":{"aws:PrincipalTag/eks-cluster-name":"false"}}`:                                                            Allowed,
		`{"Bool":{"aws:SecureTransport":"true"}}`:                                                                           Silent,
		`{"BoolIfExists":{"aws:SecureTransport":"true"}}`:                                                                   Allowed,
		`{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}`:                                                          Allowed,
		`{"StringEquals":{"aws:PrincipalTag/kubernetes-namespace":"${aws:PrincipalTag/kubernetes-namespace}"}}`:             Allowed,
		`{"StringEquals":{"aws:PrincipalTag/kubernetes-namespace":"${aws:PrincipalTag/none}"}}`:                             Silent,
		`{"ForAnyValue:StringEquals":{"aws:PrincipalTag/kubernetes-namespace":["x","apps"]}}`:                               Allowed,
		`{"ForAllValues:StringEquals":{"aws:PrincipalTag/none":["x"]}}`:                                                     Allowed,
		`{"NumericLessThan":{"aws:PrincipalAccount":"5"}}`:                                                                  Silent,
	} {
		if got := Evaluate(statement("Allow", `"*"`, condition), Resource, NewQuery(pod, "vpc-lattice-svcs:Invoke", "x")); got != want {
			t.Errorf("%s: %v, want %v", condition, got, want)
		}
	}
}

func TestDenyWins(t *testing.T) {
	t.Parallel()
	q := NewQuery(pod, "s3:GetObject", "arn:aws:s3:::bucket/key")
	q.Principal.Policies = []Document{
		{By: "a", Text: `{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::bucket/*"}]}`},
		{By: "b", Text: `{"Statement":[{"Effect":"Deny","NotAction":"s3:List*","Resource":"arn:aws:s3:::bucket/key"}]}`},
	}
	if effect, by := EvaluateIdentity(q); effect != Denied || by != "b" {
		t.Errorf("%v by %s", effect, by)
	}
	q.Resource = "arn:aws:s3:::bucket/other"
	if effect, by := EvaluateIdentity(q); effect != Allowed || by != "a" {
		t.Errorf("%v by %s", effect, by)
	}
	q.Action = "s3:PutObject"
	if effect, _ := EvaluateIdentity(q); effect != Silent {
		t.Errorf("%v", effect)
	}
}

func TestCanAssume(t *testing.T) {
	t.Parallel()
	const pods = "pods.eks.amazonaws.com"
	policy := func(actions, condition string) string {
		return fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":{"Service":[%q]},"Action":%s,"Condition":%s}]}`, pods, actions, condition)
	}
	both, sent := `["sts:AssumeRole","sts:TagSession"]`, Context{}
	sent.Set("aws:SourceAccount", "123456789012")
	for name, c := range map[string]struct {
		policy, service   string
		trusts, canAssume bool
	}{
		"good":             {policy(both, `{}`), pods, true, true},
		"another service":  {policy(both, `{}`), "ec2.amazonaws.com", false, false},
		"no TagSession":    {policy(`"sts:AssumeRole"`, `{}`), pods, false, false},
		"condition":        {policy(both, `{"StringEquals":{"AWS:SourceAccount":"123456789012"}}`), pods, true, true},
		"another account":  {policy(both, `{"StringEquals":{"aws:SourceAccount":"210987654321"}}`), pods, true, false},
		"key that is not":  {policy(both, `{"StringEquals":{"aws:SourceAcount":"123456789012"}}`), pods, true, false},
		"denied":           {strings.Replace(policy(both, `{}`), "Allow", "Deny", 1), pods, false, false},
		"no policy at all": {`{`, pods, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if Trusts(c.policy, c.service, "sts:AssumeRole", "sts:TagSession") != c.trusts {
				t.Errorf("Trusts is not %v", c.trusts)
			}
			if CanAssume(c.policy, c.service, sent, "sts:AssumeRole", "sts:TagSession") != c.canAssume {
				t.Errorf("CanAssume is not %v", c.canAssume)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"*", "", true}, {"a*c", "abbc", true}, {"a*c", "abcd", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"**x", "yx", true},
	} {
		if match(c.pattern, c.s) != c.want {
			t.Errorf("match(%q, %q) is not %v", c.pattern, c.s, c.want)
		}
	}
}
