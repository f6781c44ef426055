package authpolicy

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// list is what kubectl prints for policies of application orders in namespace shop.
func list(t *testing.T, documents ...string) string {
	t.Helper()
	var items []any
	for _, document := range documents {
		items = append(items, map[string]any{
			"kind": "IAMAuthPolicy", "metadata": map[string]any{"name": "orders-iam-auth-policy", "namespace": "shop"},
			"spec": map[string]any{"policy": document, "targetRef": map[string]any{"kind": "HTTPRoute", "name": "orders"}},
		})
	}
	text, err := json.Marshal(map[string]any{"kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const (
	root = `"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, ` +
		`"Action": "vpc-lattice-svcs:Invoke", "Resource": "*"`
	pods = `"aws:PrincipalTag/eks-cluster-name": "eks-cluster2", "aws:PrincipalTag/kubernetes-namespace": ["apps", "web"]`
	arn  = `, "aws:PrincipalTag/eks-cluster-arn": "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-cluster2"`
)

func TestRules(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		statement string
		want      Rule
	}{
		"pods": {
			`{` + root + `, "Condition": {"StringEquals": {` + pods + arn + `}}}`,
			Rule{Callers: "pods of namespace apps or web in cluster eks-cluster2"},
		},
		"a service account, narrowed": {
			`{` + root + `, "Condition": {"StringEquals": {` + pods + arn + `, "aws:PrincipalTag/kubernetes-service-account": "billing",
				"vpc-lattice-svcs:RequestMethod": ["GET", "HEAD"]}, "StringLike": {"vpc-lattice-svcs:RequestPath": "/v1/*"}}}`,
			Rule{Callers: "pods of service account billing in namespace apps or web in cluster eks-cluster2",
				Methods: []string{"GET", "HEAD"}, Paths: []string{"/v1/*"}},
		},
		"a role": {
			`{` + root + `, "Condition": {"ArnEquals": {"AWS:principalARN": "arn:aws:iam::123456789012:role/report"}}}`,
			Rule{Callers: "role arn:aws:iam::123456789012:role/report"},
		},
		"clusters of another account": {
			`{` + root + `, "Condition": {"StringEquals": {` + pods + strings.Replace(arn, "123456789012", "210987654321", 1) + `}}}`,
			Rule{Callers: "pods of namespace apps or web in cluster eks-cluster2", Conditions: []string{
				"aws:PrincipalTag/eks-cluster-arn StringEquals arn:aws:eks:ap-northeast-2:210987654321:cluster/eks-cluster2"}},
		},
		"everybody in the account": {`{` + root + `}`, Rule{Callers: "arn:aws:iam::123456789012:root"}},
		"anybody, in a VPC": {
			`{"Effect": "Deny", "Principal": "*", "Action": "vpc-lattice-svcs:Connect", "Resource": "*",
				"Condition": {"StringNotEquals": {"vpc-lattice-svcs:SourceVpc": "vpc-1"}, "Bool": {"aws:SecureTransport": false}}}`,
			Rule{Effect: "Deny", Callers: "anybody", Conditions: []string{
				"aws:SecureTransport Bool false", "vpc-lattice-svcs:SourceVpc StringNotEquals vpc-1", "Action vpc-lattice-svcs:Connect"}},
		},
		"what has no words": {
			`{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::1:role/a"}, "NotAction": "a:b", "Resource": "arn:x/v2",
				"Condition": {"StringNotEquals": {"vpc-lattice-svcs:RequestMethod": "POST"}}}`,
			Rule{Callers: "nobody", Conditions: []string{"vpc-lattice-svcs:RequestMethod StringNotEquals POST", "NotAction a:b",
				"Resource arn:x/v2", "NotPrincipal arn:aws:iam::1:role/a"}},
		},
	} {
		want := tt.want
		want.Namespace, want.Application = "shop", "orders"
		if want.Effect == "" {
			want.Effect = "Allow"
		}
		for _, list := range []*[]string{&want.Methods, &want.Paths, &want.Conditions} {
			if *list == nil {
				*list = []string{}
			}
		}
		got, err := Read(strings.NewReader(list(t, `{"Version": "2012-10-17", "Statement": [`+tt.statement+`]}`)))
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

func TestWhatIsNoPolicy(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		"kubectl: not found":                      "give the output of kubectl get iamauthpolicies -A -o json",
		`{"kind": "Pod"}`:                         "it is not an IAMAuthPolicy",
		list(t, `{"Statement": 1}`, "{}", "nope"): "reading IAMAuthPolicy shop/orders-iam-auth-policy: its policy has no statements",
	} {
		if _, err := Read(strings.NewReader(input)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", input, err, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	rules, err := Read(strings.NewReader(list(t, `{"Statement": {`+root+`, "Condition": {"StringEquals": {`+pods+arn+`,
		"vpc-lattice-svcs:RequestMethod": ["GET", "HEAD"]}, "StringLike": {"vpc-lattice-svcs:RequestPath": "/v1/*"}}}}`)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	WriteTable(&out, rules)
	const want = "│ orders      │ shop      │ Allow  │ GET or HEAD /v1/* │ pods of namespace apps or web in cluster eks-cluster2 │    │"
	if !strings.Contains(out.String(), want) {
		t.Errorf("got\n%s\nwant a line\n%s", out.String(), want)
	}
}
